"""SELECT DISTINCT and UNION of streams group their rows; several operators that remember in one query."""
import scene
from pyspark.sql import functions as F
from stateful import feed

spark = scene.session()


def stream(name, watermark="10 minutes"):
    scene.os.makedirs(scene.path(name), exist_ok=True)
    rows = spark.readStream.schema("t TIMESTAMP, k STRING, v INT").csv(scene.path(name)).coalesce(1)
    return rows.withWatermark("t", watermark) if watermark else rows


def windows(rows):
    return rows.groupBy(F.window("t", "5 minutes")).count().select("window.start", "count")


STEPS = ["12:00,a,1", "13:00,a,1 13:01,b,1 13:02,c,2", "14:00,a,1"]
for name in ("append", "update", "complete", "union", "times"):
    stream(name).createOrReplaceTempView(name)
feed(spark.sql("SELECT DISTINCT k FROM update"), "update", ["12:00,a,1 12:00,a,2", "12:00,b,1 12:00,a,2"], mode="update")
feed(spark.sql("SELECT DISTINCT k FROM complete"), "complete", ["12:00,b,1 12:00,a,2", "12:00,a,1"], mode="complete")
feed(spark.sql("SELECT k FROM union UNION SELECT k FROM union"), "union", ["12:00,a,1 12:00,b,2"], mode="update")
feed(spark.sql("SELECT DISTINCT window(t, '5 minutes') w, k FROM times").selectExpr("w.start", "k"), "times", STEPS)
scene.attempt("append", lambda: spark.sql("SELECT DISTINCT k FROM append").writeStream.format("noop").start())
scene.attempt("union, append", lambda: spark.sql("SELECT k FROM union UNION SELECT k FROM union").writeStream.format("noop").start())

feed(stream("limit").dropDuplicates(["k"]).limit(2), "limit", STEPS)
feed(stream("limited").limit(3).dropDuplicates(["k"]), "limited", STEPS)
feed(stream("twice").dropDuplicates(["k"]).dropDuplicates(["v"]), "twice", STEPS)
feed(stream("counted").dropDuplicates(["k"]).groupBy("k").count(), "counted", STEPS, mode="update")
feed(windows(stream("updated").dropDuplicates(["k", "t"])), "updated", STEPS, mode="update")
grouped = stream("grouped").groupBy("k").count()
scene.attempt("after an aggregation, update", lambda: grouped.dropDuplicates(["count"]).writeStream.outputMode("update").format("noop").start())

spark.conf.set("spark.sql.streaming.statefulOperator.allowMultiple", "false")
LATE = ["12:00,a,1", "12:20,a,1", "12:08,b,1 12:02,c,1", "13:00,a,1", "12:30,d,1"]
feed(windows(stream("single")), "single", LATE)
feed(windows(stream("distinct").dropDuplicates(["k", "t"])), "distinct", LATE)
