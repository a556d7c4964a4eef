"""Sliding windows over many rows and few, in tables and streams: lengths, starts, null times, filters, the order of rows."""
import scene
from pyspark.sql import functions as F

spark = scene.session()
ROWS = 60_000
events = spark.range(ROWS).selectExpr(
    "id", "IF(id % 97 = 0, NULL, timestamp_seconds(id * 37 % 5003 - 2000)) AS ts", "id % 5 AS k",
    "CAST(id % 1000 AS DECIMAL(9, 2)) AS d")


def summary(title, frame):
    """How many rows there are, and sums over all of their columns."""
    names = [name for name, kind in frame.dtypes if not kind.startswith("struct")]
    numbers = frame.selectExpr("unix_micros(w.start) AS s", "unix_micros(w.end) AS e",
                               *[f"CAST({name} AS DOUBLE) AS {name}" for name in names])
    weight = F.col("s") / 1000000 % 1009 + 3
    sums = [F.round(F.sum(F.col(name) * weight), 2).alias(name) for name in names]
    rows = numbers.agg(F.count("*"), *sums, F.min("s"), F.max("e"))
    print("--", title, rows.collect()[0])


for duration, slide, start in (("10 minutes", "10 seconds", "0 seconds"), ("1 minute", "20 seconds", "7 seconds"),
                               ("50 seconds", "20 seconds", "0 seconds"), ("30 seconds", "30 seconds", "0 seconds")):
    windows = F.window("ts", duration, slide, start).alias("w")
    summary(f"{duration} every {slide} from {start}",
            events.groupBy(windows, "k").agg(F.count("*").alias("n"), F.sum("d").alias("total"), F.min("id").alias("low"),
                                             F.max("id").alias("high"), F.sum("id").alias("ids"), F.avg("d").alias("mean")))
windows = F.window("ts", "1 minute", "10 seconds").alias("w")
summary("only windows", events.groupBy(windows).agg(F.count("*").alias("n")))
summary("distinct", events.groupBy(windows).agg(F.countDistinct("k").alias("n"), F.count("id").alias("m")))
summary("with a filter", events.groupBy("k", windows).agg(F.expr("count(*) FILTER (WHERE id % 2 = 0)").alias("n")))
summary("first and last", events.where("id < 3000").coalesce(1).groupBy("k", windows).agg(
    F.last("id").alias("n"), F.first("id").alias("m")))
scene.rows("few", events.where("id < 4").groupBy(windows).agg(F.sum("id")).where("w.start < timestamp_seconds(-1900)"))

events.write.parquet(scene.path("events"))
stream = (spark.readStream.schema(events.schema).parquet(scene.path("events")).withWatermark("ts", "1 minute")
          .groupBy(windows, "k").agg(F.count("*").alias("n"), F.sum("id").alias("ids"), F.sum("d").alias("total")))
for mode in ("update", "append", "complete"):
    query = scene.now(stream.writeStream.format("memory").queryName(mode).outputMode(mode))
    summary(mode, spark.table(mode))
