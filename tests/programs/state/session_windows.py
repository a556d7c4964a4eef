"""Sessions of a stream: merging over batches, late rows, gaps by row, restarts, the files of their state."""
import scene
from pyspark.sql import functions as F
from stateful import feed, files

spark = scene.session()


def stream(name, watermark="10 minutes"):
    scene.os.makedirs(scene.path(name), exist_ok=True)
    rows = spark.readStream.schema("t TIMESTAMP, k STRING, v INT").csv(scene.path(name)).coalesce(1)
    return rows.withWatermark("t", watermark) if watermark else rows


def sessions(rows, gap="5 minutes"):
    counted = rows.groupBy(F.session_window("t", gap), "k").agg(F.count("*").alias("n"), F.sum("v").alias("s"))
    return counted.select("session_window.start", "session_window.end", "k", "n", "s")


LATE = ["12:00,a,1 13:00,a,2", "12:58,b,1", "12:47,a,3 12:44,a,4 12:56,a,5 12:30,z,1", "14:00,c,1", "12:59,a,9 13:53,c,1"]
feed(sessions(stream("late")), "late", LATE)
feed(sessions(stream("late")), "late", ["14:02,c,1 14:20,d,1"])
files("cp_late")
feed(sessions(stream("complete")), "complete", LATE[:3], mode="complete")
feed(sessions(stream("unbounded", None)), "unbounded", ["12:00,a,1 12:10,a,1", "12:05,a,1 12:20,b,1"], mode="complete")
feed(sessions(stream("nulls")), "nulls", ["12:00,,1 ,a,1 12:01,,", "13:00,x,1"])

ordered = stream("order").groupBy(F.session_window("t", "5 minutes"), "k").agg(F.collect_list("v"), F.first("v"), F.last("v"), F.avg("v"))
feed(ordered.drop("session_window"), "order", ["12:00,a,1 12:00,a,2", "12:00,a,3 11:58,a,4", "12:03,a,5", "13:00,x,1"])
files("cp_order")

computed = stream("computed").groupBy("k", F.session_window("t", "5 minutes").alias("w"), (F.col("v") % 2).alias("odd"))
feed(computed.agg(F.min("v"), F.max("v")), "computed", ["12:00,a,1 12:03,a,2", "12:01,a,3", "13:00,x,1"])
files("cp_computed")

gap = F.expr("CASE k WHEN 'slow' THEN '10 minutes' WHEN 'none' THEN '0 seconds' WHEN 'bad' THEN 'x' WHEN 'back' THEN '-1 minute' ELSE '1 minute' END")
feed(sessions(stream("gaps"), gap), "gaps", ["12:00,slow,1 12:00,none,1 12:00,fast,1 12:00,bad,1 12:00,back,1", "12:09,slow,2 12:01,fast,2 12:03,fast,3", "13:00,x,1"])

feed(sessions(stream("having")).where("n > 1"), "having", ["12:00,a,1 12:03,a,2", "12:01,b,3", "13:00,x,1"])
feed(sessions(stream("touch")), "touch", ["12:00,a,1 12:15,a,2 12:00,b,1", "12:05,a,3 12:10,a,4 12:05:01,b,2", "13:00,x,1"])

spark.conf.set("spark.sql.streaming.sessionWindow.merge.sessions.in.local.partition", "true")
feed(sessions(stream("local")), "local", LATE[:4])

scene.attempt("update", lambda: sessions(stream("u")).writeStream.outputMode("update").format("noop").start())
alone = stream("g").groupBy(F.session_window("t", "5 minutes")).count()
scene.put("g/1.csv", "2024-01-01 12:00,a,1\n")
scene.attempt("without another key", lambda: alone.writeStream.format("noop").start().processAllAvailable())
constant = stream("g").groupBy(F.session_window("t", "5 minutes"), F.lit(1).alias("one")).count()
scene.attempt("with a constant key", lambda: constant.writeStream.format("noop").start().processAllAvailable())
scene.attempt("without a watermark", lambda: sessions(stream("n", None)).writeStream.format("noop").start())
