"""Batches of 100 rows on top of a large state: state.py PROVIDER KEYS SECONDS SCRATCH

PROVIDER is hdfs, rocksdb or changelog. The state is filled by one batch, then the query starts again; snapshots are due every five
seconds meanwhile.
"""
import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

provider, keys, seconds, scratch = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
spark = SparkSession.builder.appName("state").config("spark.sql.streaming.numRecentProgressUpdates", "100000").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
spark.conf.set("spark.sql.shuffle.partitions", "2")
spark.conf.set("spark.sql.streaming.stateStore.maintenanceInterval", "5s")
if provider != "hdfs":
    spark.conf.set("spark.sql.streaming.stateStore.providerClass",
                   "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider")
    spark.conf.set("spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled", str(provider == "changelog").lower())


def start(rows):
    stream = spark.readStream.format("rate-micro-batch").option("rowsPerBatch", rows).load()
    counts = stream.groupBy((F.col("value") * 7919 % keys).alias("k")).agg(F.count("*").alias("c"), F.sum("value").alias("s"))
    return counts.writeStream.format("noop").outputMode("update").option("checkpointLocation", scratch + "/checkpoint").start()


def first_batch(query):
    while not query.lastProgress:
        time.sleep(0.01)
        if not query.isActive:
            query.awaitTermination()


PIECE = 1_000_000
began = time.time()
query = start(min(keys, PIECE))
while not query.recentProgress or len(query.recentProgress) * PIECE < keys:
    time.sleep(0.02)
query.stop()
filled = time.time() - began
began = time.time()
query = start(100)
first_batch(query)
restart = time.time() - began
time.sleep(seconds)
batches = query.recentProgress
total = batches[-1]["stateOperators"][0]["numRowsTotal"]
query.stop()
durations = sorted(p["durationMs"]["triggerExecution"] for p in batches[5:])
print("BATCHES", len(durations), "MEDIAN", durations[len(durations) // 2], "P99", durations[int(len(durations) * 0.99)], "MAX",
      durations[-1], "FILL", round(filled, 1), "RESTART", round(restart, 2), "KEYS", total)
spark.stop()
