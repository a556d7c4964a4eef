"""Stateful operators above each other in append mode: the watermark that each of them gets."""
import scene
from pyspark.sql import functions as F
from stateful import feed, files

spark = scene.session()


def stream(name, watermark="10 minutes"):
    scene.os.makedirs(scene.path(name), exist_ok=True)
    rows = spark.readStream.schema("t TIMESTAMP, k STRING, v INT").csv(scene.path(name)).coalesce(1)
    return rows.withWatermark("t", watermark) if watermark else rows


def ends(frame):
    """The frame with its windows as two columns."""
    return frame.select("window.start", "window.end", *[column for column in frame.columns if column != "window"])


STEPS = ["12:00,a,1 12:00,a,2 12:07,b,3", "12:01,a,3 12:02,b,1", "13:00,x,1", "12:30,late,1 13:05,y,1", "14:30,x,1"]
five = F.window("t", "5 minutes")

hours = stream("hours").groupBy(five, "k").count().groupBy(F.window("window", "1 hour")).agg(F.sum("count"), F.count("*"))
feed(ends(hours), "hours", STEPS)
feed(ends(hours), "hours", ["15:45,x,1"])
files("cp_hours")

times = stream("times").groupBy(five, "k").count().select(F.window_time("window").alias("at"), "count")
feed(ends(times.groupBy(F.window("at", "1 hour")).sum("count")), "times", STEPS)

feed(ends(stream("dedup").dropDuplicates(["k", "t"]).groupBy(five).count()), "dedup", STEPS)
feed(ends(stream("within").dropDuplicatesWithinWatermark(["k"]).groupBy(five).count()), "within", STEPS)
feed(ends(stream("after").groupBy(five, "k").count().dropDuplicates(["window"]).select("window")), "after", STEPS)

sessions = stream("sessions").groupBy(F.session_window("t", "5 minutes"), "k").count()
feed(ends(sessions.groupBy(F.window("session_window", "1 hour")).sum("count")), "sessions", STEPS)
files("cp_sessions")

back = stream("back").groupBy(five, "k").count().groupBy(F.session_window("window", "10 minutes"), "k").sum("count")
feed(back.select("session_window.start", "session_window.end", "k", "sum(count)"), "back", STEPS)

three = stream("three").dropDuplicates(["k", "t"]).groupBy(five, "k").count().groupBy(F.window("window", "30 minutes")).count()
feed(ends(three.groupBy(F.window("window", "1 hour")).sum("count")), "three", STEPS)

spark.conf.set("spark.sql.streaming.noDataMicroBatches.enabled", "false")
feed(ends(stream("quiet").groupBy(five, "k").count().groupBy(F.window("window", "1 hour")).sum("count")), "quiet", STEPS + ["16:00,x,1"])
spark.conf.set("spark.sql.streaming.noDataMicroBatches.enabled", "true")

named = stream("named").withColumn("u", F.col("t"))
scene.attempt("a new column is no event time", lambda: named.groupBy(F.window("u", "5 minutes")).count().writeStream.format("noop").start())
twice = stream("twice").select("t", five, "k").dropDuplicates(["k"])
scene.put("twice/1.csv", "2024-01-01 12:00,a,1\n")
scene.attempt("two event times", lambda: twice.writeStream.format("noop").start().processAllAvailable())
again = stream("again").groupBy(five).count().withWatermark("window", "1 minute").groupBy(F.window("window", "1 hour")).count()
scene.put("again/1.csv", "2024-01-01 12:00,a,1\n")
scene.attempt("a watermark again", lambda: again.writeStream.format("noop").start().processAllAvailable())
