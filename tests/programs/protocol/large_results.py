"""Results of many rows, of wide rows, and data that goes to the server."""
import decimal
import datetime

import scene
from pyspark.sql import functions as F

spark = scene.session(spark__sql__execution__arrow__maxRecordsPerBatch="1000")
rows = spark.range(50_000).select("id", F.sha2(F.col("id").cast("string"), 256).alias("hash")).collect()
print(len(rows), rows[0], rows[-1])
print(sum(1 for _ in spark.range(30_000).toLocalIterator()))
wide = spark.range(20).select(F.repeat(F.lit("x"), 2_000_000).alias("text")).collect()
print({len(row.text) for row in wide}, len(wide))
sent = [(n, f"row {n}" * 20, n / 7, decimal.Decimal(n), datetime.date(2024, 1, 1) + datetime.timedelta(n % 1000)) for n in range(20_000)]
frame = spark.createDataFrame(sent, "n INT, t STRING, x DOUBLE, d DECIMAL(10,0), day DATE")
print(frame.agg(F.count("*"), F.sum("n"), F.sum("d"), F.max("day"), F.sum(F.length("t"))).collect())
print(frame.where("n = 19999").collect())
again = spark.createDataFrame(sent, frame.schema)
print(again.join(frame, "n").count())
big = spark.createDataFrame([("y" * 5_000_000,)], "t STRING")
print(big.select(F.length("t")).collect(), big.count())
print(spark.range(10).limit(0).collect(), spark.range(0).toPandas().shape, spark.range(3).tail(2), spark.range(3).head())
