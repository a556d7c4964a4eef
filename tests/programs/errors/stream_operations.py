"""Operations that a stream may not have, and output modes that they may not have."""
from pyspark.sql import functions as F
from pyspark.sql.window import Window

import scene

spark = scene.session()
scene.put("in/1.csv", "2024-01-01 00:00:00,1\n")
stream = spark.readStream.schema("t TIMESTAMP, n INT").csv(scene.path("in"))
other = stream.select(F.col("t").alias("u"), F.col("n").alias("m"))
table = spark.createDataFrame([(1,)], "n INT")
marked, other_marked = stream.withWatermark("t", "1 minute"), other.withWatermark("u", "1 minute")


def start(frame, mode="append"):
    return lambda: frame.writeStream.outputMode(mode).format("noop").start().stop()


for how in ("left", "right", "full", "left_semi", "left_anti"):
    scene.attempt(f"stream {how} table", start(stream.join(table, "n", how)))
    scene.attempt(f"table {how} stream", start(table.join(stream, "n", how)))
for how in ("left", "right", "full", "left_semi", "left_anti"):
    for mode in ("append", "update"):
        scene.attempt(f"stream {how} stream, {mode}", start(stream.join(other, F.expr("n = m"), how), mode))
counts = marked.groupBy(F.window("t", "1 minute")).count()
for mode in ("update", "complete"):
    scene.attempt(f"aggregation below a join, {mode}", start(
        marked.groupBy("t").count().join(other_marked.groupBy("u").count(), F.expr("t = u")), mode))
    scene.attempt(f"aggregation of an aggregation, {mode}", start(counts.groupBy("count").agg(F.max("window")), mode))
scene.attempt("intersect of streams", start(stream.intersect(stream)))
scene.attempt("intersect with a table", start(stream.select("n").intersect(table)))
scene.attempt("except of streams", start(stream.subtract(stream)))
scene.attempt("union with a table", start(stream.select("n").union(table)))
scene.attempt("offset", start(stream.offset(1)))
scene.attempt("sample", start(stream.sample(0.5)))
scene.attempt("sort", start(stream.orderBy("n")))
scene.attempt("sort of an aggregation, update", start(stream.groupBy("n").count().orderBy("n"), "update"))
scene.attempt("distinct aggregate", start(stream.groupBy("n").agg(F.countDistinct("t")), "update"))
scene.attempt("row_number", start(stream.select(F.row_number().over(Window.partitionBy("n").orderBy("t")).alias("r"))))
scene.attempt("monotonically_increasing_id", start(stream.select(F.monotonically_increasing_id())))
scene.attempt("within watermark without one", start(stream.dropDuplicatesWithinWatermark(["n"])))
scene.attempt("aggregation in append", start(stream.groupBy("n").count()))
scene.attempt("aggregation with a watermark in append, other keys", start(marked.groupBy("n").count()))
scene.attempt("no aggregation in complete", start(stream, "complete"))


def fails(title, frame, mode="append"):
    """Refused when the query plans a batch."""
    query = frame.writeStream.outputMode(mode).format("noop").start()
    scene.attempt(title, lambda: query.processAllAvailable())
    query.stop()


fails("join without equal keys", stream.join(other, F.expr("n < m")))
fails("cross join", stream.crossJoin(other))
twice = marked.withWatermark("t", "2 minutes").groupBy(F.window("t", "1 minute")).count()
fails("two watermarks", twice)
fails("watermarks of both sides of a union", marked.union(other_marked.select(F.col("u").alias("t"), F.col("m").alias("n"))))
fails("watermark above an aggregation", stream.groupBy("t").count().withWatermark("t", "1 minute"), "update")
