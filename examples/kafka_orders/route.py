"""Orders from Kafka, enriched from a table of products: each order to Parquet, totals by day and family back to Kafka.

    sluice submit examples/kafka_orders/route.py --bootstrap-server HOST:PORT [--output FOLDER]

It reads the topic `orders` and writes `order-totals`, until Ctrl-C: then it does what is left and sums up. Killed at any moment
and started again with the same output folder, it goes on where it was. `run.py` beside it starts all that it needs.
"""
import argparse
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

ORDER = """order_id LONG, ordered_at TIMESTAMP, customer STRING, city STRING, product STRING, quantity INT, unit_price DOUBLE,
           discount DOUBLE, status STRING"""
PRODUCTS = Path(__file__).resolve().parent / "products.csv"


def orders_of(spark, servers):
    """The topic's records as orders, each with the family of its product."""
    products = spark.read.schema("product STRING, family STRING").option("header", True).csv(str(PRODUCTS))
    records = (spark.readStream.format("kafka")
               .option("kafka.bootstrap.servers", servers)
               .option("subscribe", "orders")
               .option("startingOffsets", "earliest")
               .load())
    orders = records.select(F.from_json(F.col("value").cast("string"), ORDER).alias("order")).select("order.*")
    return (orders.where("status != 'cancelled' AND quantity > 0")
            .withColumn("total", F.round(F.expr("quantity * unit_price * (1 - coalesce(discount, 0))"), 2))
            .join(products, "product", "left")
            .withColumn("family", F.coalesce("family", F.lit("other"))))


def totals_of(orders):
    """Count and revenue of each family and day of event time, as records for Kafka."""
    totals = (orders.withWatermark("ordered_at", "2 days")
              .groupBy(F.window("ordered_at", "1 day"), "family")
              .agg(F.count("*").alias("orders"), F.round(F.sum("total"), 2).alias("revenue")))
    return totals.select(
        F.concat_ws(" ", F.date_format("window.start", "yyyy-MM-dd"), "family").alias("key"),
        F.to_json(F.struct(F.col("window.start").cast("date").alias("day"), "family", "orders", "revenue")).alias("value"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap-server", required=True, metavar="HOST:PORT")
    parser.add_argument("--output", help="folder for Parquet files and checkpoints (default: a new one)")
    given = parser.parse_args()
    output = given.output or tempfile.mkdtemp(prefix="orders-")

    spark = (SparkSession.builder
             .appName("orders route")
             .config("spark.sql.session.timeZone", "UTC")
             .config("spark.sql.shuffle.partitions", 2)
             .getOrCreate())
    orders = orders_of(spark, given.bootstrap_server)
    files = (orders.writeStream.format("parquet")
             .queryName("orders to parquet")
             .option("checkpointLocation", f"{output}/checkpoints/orders")
             .trigger(processingTime="1 second")
             .start(f"{output}/orders"))
    totals = (totals_of(orders).writeStream.format("kafka")
              .queryName("totals to kafka")
              .outputMode("update")
              .option("kafka.bootstrap.servers", given.bootstrap_server)
              .option("topic", "order-totals")
              .option("checkpointLocation", f"{output}/checkpoints/totals")
              .start())
    print(f"Orders go to {output}/orders, totals to the topic order-totals.", flush=True)

    try:
        totals.awaitTermination()
    except KeyboardInterrupt:
        print("Doing what is left.", flush=True)
    for query in (totals, files):
        query.processAllAvailable()
        query.stop()
    written = spark.read.parquet(f"{output}/orders")
    (written.groupBy("family")
     .agg(F.count("*").alias("orders"), F.sum("quantity").alias("pieces"), F.round(F.sum("total"), 2).alias("revenue"))
     .orderBy("family").show())
    spark.stop()


if __name__ == "__main__":
    main()
