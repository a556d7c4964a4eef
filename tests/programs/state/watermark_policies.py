"""The watermark of a query with two inputs: the lower or the higher one, over restarts."""
import scene
from pyspark.sql import functions as F
from stateful import feed

spark = scene.session()


def stream(name, watermark):
    scene.os.makedirs(scene.path(name), exist_ok=True)
    rows = spark.readStream.schema("t TIMESTAMP, k STRING").csv(scene.path(name))
    return rows.withWatermark("t", watermark) if watermark else rows


def run(case, left, right, steps):
    both = stream(f"{case}/a", left).union(stream(f"{case}/b", right))
    counts = both.groupBy(F.window("t", "5 minutes")).count().select("window.start", "count")
    feed(counts, case, steps)


STEPS = [("a", "12:00,a"), ("b", "12:30,b"), ("a", "13:00,a"), ("b", "12:20,late 12:52,b"), ("b", "14:00,b")]
MORE = [("a", "14:30,a"), ("b", "15:00,b"), ("a", "13:10,a")]
for policy in ("min", "max"):
    spark.conf.set("spark.sql.streaming.multipleWatermarkPolicy", policy)
    run(policy, "10 minutes", "1 minute", STEPS)
    spark.conf.set("spark.sql.streaming.multipleWatermarkPolicy", "min")
    run(policy, "10 minutes", "1 minute", MORE)
run("one", "10 minutes", None, STEPS)
scene.attempt("an unknown policy", lambda: spark.conf.set("spark.sql.streaming.multipleWatermarkPolicy", "never"))
