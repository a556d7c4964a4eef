"""JSON lines, typed, filtered and summed by a stream, into nothing: json_sums.py INPUT SCRATCH"""
import sys

from pyspark.sql import SparkSession, functions as F

source, scratch = sys.argv[1:]
spark = SparkSession.builder.appName("json sums").config("spark.sql.shuffle.partitions", "2").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
stream = spark.readStream.schema("order_id STRING, customer_id STRING, ts TIMESTAMP, amount DOUBLE, status STRING, "
                                 "city STRING, items INT").json(source)
sums = stream.where("status = 'delivered'").agg(F.count("*").alias("n"), F.sum("amount").alias("amount"),
                                                F.sum("items").alias("items"))
query = (sums.writeStream.format("noop").outputMode("complete").option("checkpointLocation", scratch + "/checkpoint")
         .trigger(availableNow=True).start())
query.awaitTermination()
print("ROWS", sum(progress.numInputRows for progress in query.recentProgress))
spark.stop()
