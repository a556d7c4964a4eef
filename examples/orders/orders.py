"""A shop's orders, as a PySpark program would read them anywhere.

The orders arrive as CSV files, one a day. The program streams them, three files a batch, into a Parquet folder and prints
running totals; then it reads the Parquet folder as a batch table and sums it up. Stopped at any moment and started again,
it goes on where it was.

    sluice submit examples/orders/orders.py [INPUT [OUTPUT]]
"""
import sys
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, IntegerType, LongType, StringType, StructField, StructType, TimestampType

SCHEMA = StructType([
    StructField("order_id", LongType()),
    StructField("ordered_at", TimestampType()),
    StructField("customer", StringType()),
    StructField("city", StringType()),
    StructField("product", StringType()),
    StructField("quantity", IntegerType()),
    StructField("unit_price", DoubleType()),
    StructField("discount", DoubleType()),
    StructField("status", StringType()),
    StructField("comment", StringType()),
])
PRODUCTS = "product STRING, family STRING"


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).resolve().parent / "data")
    target = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="orders-")

    spark = (SparkSession.builder
             .appName("orders")
             .master("local[2]")
             .config("spark.sql.shuffle.partitions", 2)
             .config("spark.sql.session.timeZone", "UTC")
             .getOrCreate())
    spark.sparkContext.setLogLevel("WARN")

    orders = (spark.readStream
              .option("sep", ";")
              .option("header", True)
              .option("maxFilesPerTrigger", 3)
              .schema(SCHEMA)
              .csv(source))
    orders.printSchema()

    priced = (orders
              .filter(F.col("status") != "cancelled")
              .where("quantity > 0")
              .withColumn("discount", F.coalesce("discount", F.lit(0.0)))
              .withColumn("total", F.round(F.col("quantity") * F.col("unit_price") * (1 - F.col("discount")), 2))
              .withColumn("size", F.when(F.col("total") >= 100, "large").when(F.col("total") >= 25, "medium")
                          .otherwise("small"))
              .withColumn("day", F.col("ordered_at").cast("date"))
              .drop("comment"))

    files = (priced.writeStream
             .format("parquet")
             .queryName("orders to parquet")
             .option("checkpointLocation", f"{target}/checkpoint-files")
             .trigger(availableNow=True)
             .start(f"{target}/orders"))
    files.awaitTermination()
    for progress in files.recentProgress:
        print(f"batch {progress['batchId']}: {progress.numInputRows} orders")

    by_city = (priced
               .groupBy("city")
               .agg(F.count("*").alias("orders"), F.round(F.sum("total"), 2).alias("revenue"))
               .orderBy(F.desc("revenue")))
    totals = (by_city.writeStream
              .format("console")
              .outputMode("complete")
              .option("checkpointLocation", f"{target}/checkpoint-totals")
              .trigger(availableNow=True)
              .start())
    totals.awaitTermination()

    families = spark.createDataFrame(
        [("espresso beans 1 kg", "coffee"), ("paper filters", "supplies"), ("descaler", "supplies"),
         ("hand grinder", "tools"), ("tamper", "tools"), ("kettle", "tools"), ("moka pot", "tools")], PRODUCTS)
    written = spark.read.parquet(f"{target}/orders")
    summary = (written.join(families, "product", "left")
               .groupBy(F.coalesce("family", F.lit("other")).alias("family"))
               .agg(F.count("*").alias("orders"), F.sum("quantity").alias("pieces"), F.round(F.sum("total"), 2).alias("revenue"))
               .orderBy("family"))
    summary.show()
    print(f"{written.count()} orders of {written.select('customer').distinct().count()} customers "
          f"on {written.select('day').distinct().count()} days are in {target}/orders")
    spark.stop()


if __name__ == "__main__":
    main()
