"""Starts of streams that are refused, or that take the place of another query."""
import scene

spark = scene.session()
scene.put("in/1.csv", "1\n")
stream = spark.readStream.schema("n INT").csv(scene.path("in"))
batch = spark.read.schema("n INT").csv(scene.path("in"))


def start(frame, fmt="noop", mode="append", **options):
    return lambda: frame.writeStream.format(fmt).outputMode(mode).options(**options).start().stop()


scene.attempt("show", lambda: stream.show())
scene.attempt("collect of an aggregate", lambda: stream.groupBy("n").count().collect())
scene.attempt("write", lambda: stream.write.format("noop").mode("append").save())
scene.attempt("createTempView and SQL", lambda: (stream.createOrReplaceTempView("s"), spark.sql("SELECT * FROM s").show()))
scene.attempt("cache", lambda: stream.cache().count())
scene.attempt("writeStream of a batch", start(batch))
scene.attempt("writeStream of a join of batches", start(batch.join(batch, "n")))
scene.attempt("no checkpoint", start(stream, "json", path=scene.path("out")))
scene.attempt("no path", start(stream, "json", checkpointLocation=scene.path("c1")))
scene.attempt("unknown mode", lambda: stream.writeStream.outputMode("replace").format("noop").start())
scene.attempt("mode without case", start(stream, mode="APPEND"))
scene.attempt("complete without aggregation", start(stream, mode="complete"))
scene.attempt("memory without a name", start(stream, "memory"))
scene.attempt("partition by nothing known", lambda: stream.writeStream.format("json").partitionBy("x").option(
    "checkpointLocation", scene.path("c2")).start(scene.path("out2")))
scene.attempt("unresolved column", lambda: stream.select("m").writeStream.format("noop").start())
scene.attempt("memory in update mode after a restart", lambda: scene.now(stream.groupBy("n").count().writeStream.outputMode(
    "update").format("memory").queryName("u").option("checkpointLocation", scene.path("c3"))))
scene.attempt("again", lambda: scene.now(stream.groupBy("n").count().writeStream.outputMode(
    "update").format("memory").queryName("u").option("checkpointLocation", scene.path("c3"))))

checkpoint = scene.path("shared")
first = stream.writeStream.format("noop").option("checkpointLocation", checkpoint).start()
first.processAllAvailable()
second = stream.writeStream.format("noop").option("checkpointLocation", checkpoint).start()
second.processAllAvailable()
print(first.isActive, second.isActive, first.id == second.id, first.runId == second.runId, first.exception())
spark.conf.set("spark.sql.streaming.stopActiveRunOnRestart", "false")
scene.attempt("a second query on a checkpoint", lambda: stream.writeStream.format("noop").option("checkpointLocation", checkpoint).start())
print(second.isActive)
second.stop()
spark.conf.set("spark.sql.streaming.stopActiveRunOnRestart", "true")
spark.conf.set("spark.sql.streaming.checkpointLocation", scene.path("all"))
named = stream.writeStream.format("json").queryName("named").start(scene.path("out3"))
named.processAllAvailable()
print(scene.names("all/named"))
scene.attempt("the name of an active query", lambda: stream.writeStream.format("noop").queryName("named").start())
named.stop()
