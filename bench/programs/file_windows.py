"""Orders in JSON files, their count and sum by customer and window, to the noop sink in update mode; the last of the runs in
one session tells.

    file_windows.py tumbling|sliding INPUT SCRATCH [PARTITIONS]

tumbling: 10 seconds, 100,000 customers. sliding: 10 minutes every 10 seconds, by city.
"""
import sys
import tempfile

from pyspark.sql import SparkSession, functions as F

kind, folder, scratch, *partitions = sys.argv[1:]
SCHEMA = "order_id STRING, customer_id STRING, ts TIMESTAMP, amount DOUBLE, status STRING, city STRING, items INT"
RUNS = 2
spark = SparkSession.builder.appName("windows").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
if partitions:
    spark.conf.set("spark.sql.shuffle.partitions", partitions[0])
orders = spark.readStream.schema(SCHEMA).json(folder).withWatermark("ts", "5 seconds")
window, key = (F.window("ts", "10 seconds"), "customer_id") if kind == "tumbling" else (
    F.window("ts", "10 minutes", "10 seconds"), "city")
totals = orders.groupBy(window, key).agg(F.count("*").alias("orders"), F.sum("amount").alias("total"))
for _ in range(RUNS):
    query = (totals.writeStream.format("noop").outputMode("update").trigger(availableNow=True)
             .option("checkpointLocation", tempfile.mkdtemp(dir=scratch)).start())
    query.awaitTermination()
    reports = [report for report in query.recentProgress if report.numInputRows > 0]
records = sum(report.numInputRows for report in reports)
print("RECORDS", records, "MILLISECONDS", sum(report.durationMs["triggerExecution"] for report in reports))
