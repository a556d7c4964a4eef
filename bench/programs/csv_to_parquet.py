"""A folder of CSV files, typed, through a stream into Parquet: csv_to_parquet.py INPUT SCRATCH"""
import sys

from pyspark.sql import SparkSession

source, scratch = sys.argv[1:]
spark = SparkSession.builder.appName("csv to parquet").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
stream = (spark.readStream.option("header", True)
          .schema("order_id STRING, customer_id STRING, ts TIMESTAMP, amount DOUBLE, status STRING, city STRING, items INT, "
                  "comment STRING").csv(source))
query = (stream.writeStream.format("parquet").option("checkpointLocation", scratch + "/checkpoint").trigger(availableNow=True)
         .start(scratch + "/out"))
query.awaitTermination()
print("ROWS", spark.read.parquet(scratch + "/out").count())
spark.stop()
