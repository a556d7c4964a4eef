"""Orders of a Kafka topic to the noop sink: those delivered, or their totals by customer and window. The last of three runs
in one session tells.

    kafka_orders.py filter|window SERVERS TOPIC FOLDER
"""
import sys
import tempfile

from pyspark.sql import SparkSession, functions as F

kind, servers, topic, folder = sys.argv[1:]
SCHEMA = "order_id STRING, customer_id STRING, ts TIMESTAMP, amount DOUBLE, status STRING, city STRING, items INT"
spark = SparkSession.builder.appName("kafka").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
orders = (spark.readStream.format("kafka").option("kafka.bootstrap.servers", servers).option("subscribe", topic)
          .option("startingOffsets", "earliest").load()
          .select(F.from_json(F.col("value").cast("string"), SCHEMA).alias("o")).select("o.*"))
if kind == "filter":
    result, mode = orders.where("status = 'delivered'"), "append"
else:
    result, mode = (orders.withWatermark("ts", "5 seconds").groupBy(F.window("ts", "10 seconds"), "customer_id")
                    .agg(F.count("*").alias("orders"), F.sum("amount").alias("total"))), "update"
for _ in range(3):
    query = (result.writeStream.format("noop").outputMode(mode).trigger(availableNow=True)
             .option("checkpointLocation", tempfile.mkdtemp(dir=folder)).start())
    query.awaitTermination()
    reports = [report for report in query.recentProgress if report.numInputRows > 0]
records = sum(report.numInputRows for report in reports)
print("RECORDS", records, "MILLISECONDS", sum(report.durationMs["triggerExecution"] for report in reports))
