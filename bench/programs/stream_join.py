"""Clicks joined with the impressions of the five minutes before them: stream_join.py INPUT SCRATCH

INPUT holds JSON lines in impressions/ and clicks/, of which two files each are read at a time. The last of two runs in one
session tells.
"""
import sys
import tempfile

from pyspark.sql import SparkSession, functions as F

source, scratch = sys.argv[1:]
spark = SparkSession.builder.appName("stream join").config("spark.sql.shuffle.partitions", "2").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")


def read(name, columns, time):
    stream = spark.readStream.schema(columns).option("maxFilesPerTrigger", 2).json(f"{source}/{name}")
    return stream.withWatermark(time, "10 seconds")


impressions = read("impressions", "ad STRING, shown TIMESTAMP, place STRING, price DOUBLE", "shown")
clicks = read("clicks", "clicked_ad STRING, clicked TIMESTAMP, user STRING", "clicked")
within = "ad = clicked_ad AND clicked >= shown AND clicked <= shown + INTERVAL 5 MINUTES"
for _ in range(2):
    query = (impressions.join(clicks, F.expr(within)).writeStream.format("noop")
             .option("checkpointLocation", tempfile.mkdtemp(dir=scratch)).trigger(availableNow=True).start())
    query.awaitTermination()
    reports = query.recentProgress
print("RECORDS", sum(report.numInputRows for report in reports), "OUTPUT",
      sum(max(report.sink.numOutputRows, 0) for report in reports), "MILLISECONDS",
      sum(report.durationMs["triggerExecution"] for report in reports))
spark.stop()
