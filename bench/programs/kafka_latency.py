"""A route from one Kafka topic to another, until it is killed: what the probe of the benchmark measures.

    kafka_latency.py copy|count|exactly-once SERVERS IN OUT FOLDER
"""
import sys
import tempfile

from pyspark.sql import SparkSession, functions as F

kind, servers, source, target, folder = sys.argv[1:]
spark = SparkSession.builder.appName("kafka latency").config("spark.sql.shuffle.partitions", 2).getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
records = (spark.readStream.format("kafka").option("kafka.bootstrap.servers", servers).option("subscribe", source)
           .option("startingOffsets", "latest").load())
if kind == "count":
    sent = F.substring(F.col("value").cast("string"), 1, 19)
    rows = (records.groupBy("key").agg(F.max(sent).alias("sent"), F.count("*").alias("records"))
            .select("key", F.concat_ws(" ", "sent", "records").alias("value")))
else:
    rows = records.select("key", "value")
writer = (rows.writeStream.format("kafka").option("kafka.bootstrap.servers", servers).option("topic", target)
          .option("checkpointLocation", tempfile.mkdtemp(dir=folder)).outputMode("update" if kind == "count" else "append"))
if kind == "exactly-once":
    writer = writer.option("sluice.delivery", "exactly-once")
query = writer.start()
print("STARTED", flush=True)
query.awaitTermination()
