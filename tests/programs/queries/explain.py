"""isStreaming, printSchema, and what a stream can't do without a query."""
import scene

spark = scene.session()
scene.put("in/1.csv", "1,a\n")
stream = spark.readStream.schema("n INT, k STRING").csv(scene.path("in"))
batch = spark.read.schema("n INT, k STRING").csv(scene.path("in"))
print(stream.isStreaming, batch.isStreaming, stream.select("n").isStreaming, stream.join(batch, "n").isStreaming)
stream.select("k", (stream.n + 1).alias("m")).printSchema()
print(stream.schema == batch.schema, stream.dtypes, stream.columns)
query = stream.writeStream.format("noop").start()
query.stop()
idle = spark.readStream.schema("n INT").csv(scene.path("in")).where("n > 5").writeStream.format("noop").start()
idle.processAllAvailable()
idle.stop()
for name, action in (("show", lambda: stream.show()), ("count", lambda: stream.count()), ("collect", lambda: stream.collect()),
                     ("toPandas", lambda: stream.toPandas()), ("write", lambda: stream.write.csv(scene.path("no"))),
                     ("take", lambda: stream.take(1)), ("sort", lambda: stream.sort("n").writeStream.format("noop").start()),
                     ("writeStream of a batch", lambda: batch.writeStream.format("noop").start()),
                     ("limit", lambda: stream.limit(1).writeStream.format("noop").outputMode("update").start())):
    scene.attempt(name, action)
