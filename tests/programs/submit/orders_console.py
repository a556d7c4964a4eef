"""The program of the guide: a stream of orders to the console and to Parquet, then a batch read of the results."""
import os
import shutil
import tempfile

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, IntegerType, StringType, StructField, StructType

spark = (SparkSession.builder.appName("orders").master("local[2]").config("spark.sql.shuffle.partitions", 2)
         .config("spark.sql.session.timeZone", "UTC").getOrCreate())
spark.sparkContext.setLogLevel("WARN")
print(spark.sparkContext.appName, spark.sparkContext.master, spark.version)
folder = tempfile.mkdtemp()
os.makedirs(folder + "/in")
with open(folder + "/in/1.csv", "w") as file:
    file.write("1;Ann;2;10.5;paid\n2;Bob;1;99.99;open\n3;Ann;10;3.25;paid\n4;Cid;1;-1;void\n")
schema = StructType([StructField("id", IntegerType()), StructField("customer", StringType()), StructField("items", IntegerType()),
                     StructField("price", DoubleType()), StructField("status", StringType())])
orders = spark.readStream.option("sep", ";").schema(schema).csv(folder + "/in")
orders.printSchema()
print(orders.isStreaming)
good = (orders.filter("price > 0").where(F.col("status") != "void").withColumn("total", F.col("items") * F.col("price"))
        .withColumn("size", F.when(F.col("total") > 50, "large").otherwise("small")).drop("status"))
console = good.writeStream.format("console").option("truncate", False).trigger(availableNow=True).start()
console.awaitTermination()
totals = good.groupBy("customer").agg(F.sum("total").alias("total"), F.count("*").alias("orders")).orderBy("customer")
query = (totals.writeStream.format("console").outputMode("complete").queryName("totals").option("numRows", 5)
         .trigger(availableNow=True).start())
query.awaitTermination()
files = (good.writeStream.format("parquet").option("checkpointLocation", folder + "/checkpoint").trigger(availableNow=True)
         .start(folder + "/out"))
files.awaitTermination()
back = spark.read.parquet(folder + "/out")
back.orderBy("id").show()
print(back.count(), back.agg(F.sum("total")).first()[0])
spark.stop()
shutil.rmtree(folder)
