"""Relative paths are those of the folder that the program runs in; the checkpoint may lie there too."""
import os

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
print(spark.sparkContext.appName, spark.sparkContext.master.startswith("local"))
os.makedirs("in", exist_ok=True)
with open("in/1.csv", "w") as file:
    file.write("1\n2\n")
stream = spark.readStream.schema("n INT").csv("in")
query = (stream.selectExpr("n * 2 AS n").writeStream.format("csv").option("checkpointLocation", "checkpoint")
         .trigger(availableNow=True).start("out"))
query.awaitTermination()
print(sorted(os.listdir(".")), sorted(name for name in os.listdir("checkpoint") if not name.startswith(".")))
print([row.n for row in spark.read.schema("n INT").csv("out").orderBy("n").collect()])
spark.range(2).write.parquet("numbers")
print(spark.read.parquet("numbers").count(), os.path.isdir("numbers"))
spark.sql("SELECT count(*) AS n FROM parquet.`numbers`").show()
