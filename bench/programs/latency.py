"""Durations of the batches of a tiny stream: latency.py SOURCE SINK SECONDS SCRATCH

SOURCE is rate (a batch a second) or rate-micro-batch (a batch right after the other); SINK is noop or memory.
"""
import sys

from pyspark.sql import SparkSession

source, sink, seconds, scratch = sys.argv[1:]
spark = (SparkSession.builder.appName("latency").config("spark.sql.streaming.numRecentProgressUpdates", "100000").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
option = "rowsPerSecond" if source == "rate" else "rowsPerBatch"
stream = spark.readStream.format(source).option(option, 10).load()
query = (stream.writeStream.format(sink).queryName("ticks").option("checkpointLocation", scratch + "/checkpoint").start())
query.awaitTermination(float(seconds))
batches = [p for p in query.recentProgress if p.numInputRows]
query.stop()
durations = sorted(p["durationMs"]["triggerExecution"] for p in batches[min(5, len(batches) // 2):])
print("BATCHES", len(durations), "MEDIAN", durations[len(durations) // 2], "P99", durations[int(len(durations) * 0.99)],
      "MAX", durations[-1])
spark.stop()
