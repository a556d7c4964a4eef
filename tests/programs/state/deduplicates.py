"""dropDuplicates and dropDuplicatesWithinWatermark: null keys, late rows, expiry, restarts, the files of their state."""
import scene
from pyspark.sql import functions as F
from stateful import feed, files

spark = scene.session()


def stream(name, watermark="10 minutes"):
    scene.os.makedirs(scene.path(name), exist_ok=True)
    rows = spark.readStream.schema("t TIMESTAMP, k STRING, v DOUBLE").csv(scene.path(name)).coalesce(1)
    return rows.withWatermark("t", watermark) if watermark else rows


plain = stream("plain", None)
feed(plain.dropDuplicates(["k"]), "plain", ["12:00,a,1 12:00,a,2 12:01,,3", "12:00,a,3 12:01,b, 12:01,,4", "12:02,b,"])
feed(plain.dropDuplicates(["k"]), "plain", ["12:00,a,9 12:00,c,9"])
files("cp_plain")

numbers = stream("numbers", None)
feed(numbers.dropDuplicates(["v"]).select("k", "v"), "numbers", ["12:00,a,0.0 12:00,b,NaN 12:00,c,1.5 12:00,d,-0.0", "12:00,e,NaN 12:00,f,-0.0 12:00,g,"])

every = stream("every")
feed(every.distinct(), "every",
     ["12:00,a,1 12:00,a,2", "12:00,a,1 12:01,b, 12:01,b,", "13:00,x,1", "12:30,late,1", "14:30,x,1 ,n,1"])
files("cp_every")

timed = stream("timed")
feed(timed.dropDuplicates(["k", "t"]), "timed", ["12:00,a,1 12:00,a,2", "13:00,x,1", "12:50,y,1 12:51,y,1"], mode="update")

untimed = stream("untimed")
feed(untimed.dropDuplicates(["k"]), "untimed", ["12:00,a,1 12:00,a,2", "13:00,x,1", "12:30,late,1 12:55,a,7"])

within = stream("within", "30 seconds")
feed(within.dropDuplicatesWithinWatermark(["k"]), "within",
     ["12:00:00,a,1 12:00:00,a,2", "12:00:29,a,3 12:00:31,b,4", "12:00:59,c,1", "12:01:00,c,1", "12:00:10,late,1 ,n,1", "12:01:05,n,1 12:01:05,a,5"])
feed(within.dropDuplicatesWithinWatermark(["k"]), "within", ["12:01:06,a,6 12:01:06,e,1"])
files("cp_within")

windows = stream("windows").select(F.window("t", "5 minutes"), "k")
feed(windows.dropDuplicatesWithinWatermark(["k"]), "windows", ["12:00,a,1 12:04,a,2", "12:14,b,1", "12:25,a,1"])

scene.attempt("within without watermark", lambda: plain.dropDuplicatesWithinWatermark(["k"]).writeStream.format("noop").start())
scene.attempt("complete", lambda: plain.dropDuplicates(["k"]).writeStream.outputMode("complete").format("noop").start())
scene.attempt("unknown column", lambda: plain.dropDuplicates(["no"]).schema)
