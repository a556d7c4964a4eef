"""createDataFrame of rows, dicts and pandas; collect, toPandas, iteration; values of every type keep theirs."""
import datetime
from decimal import Decimal

import pandas as pd
from pyspark.sql import Row, functions as F
from pyspark.sql.types import StringType, StructField, StructType

import scene

spark = scene.session()
rows = [(True, 1, 2, 3, 4, 1.5, 2.5, Decimal("1.23"), "s", b"\x00\xff", datetime.date(2024, 2, 29),
         datetime.datetime(2024, 2, 29, 1, 2, 3, 456789), [1, None], {"k": 1}, Row(x=1, y="z")),
        (None,) * 15]
schema = ("t BOOLEAN, b BYTE, h SHORT, i INT, l LONG, f FLOAT, d DOUBLE, m DECIMAL(5,2), s STRING, bin BINARY, day DATE, "
          "at TIMESTAMP, a ARRAY<INT>, mp MAP<STRING, INT>, st STRUCT<x: INT, y: STRING>")
frame = spark.createDataFrame(rows, schema)
frame.printSchema()
for row in frame.collect():
    print(row)
frame.show(vertical=True, truncate=False)
print(frame.count(), len(frame.toPandas()), [row.i for row in frame.toLocalIterator()])
spark.createDataFrame([Row(n=1, s="x"), Row(n=2, s=None)]).show()
spark.createDataFrame([{"n": 1, "s": "x"}, {"n": 2, "s": "y"}]).orderBy("n").show()
spark.createDataFrame([1, 2], "int").show()
spark.createDataFrame([], StructType([StructField("only", StringType())])).show()
pandas = pd.DataFrame({"n": [1, 2], "s": ["a", None], "f": [0.5, float("nan")]})
back = spark.createDataFrame(pandas)
back.printSchema()
back.show()
print(back.withColumn("n", F.col("n") + 1).toPandas().to_dict("list")["n"])
print(spark.range(3).select(F.col("id").cast("string")).collect(), spark.sql("SELECT 1 AS a, 'b' AS b").first().asDict())
