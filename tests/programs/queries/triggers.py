"""Triggers: default, processingTime, once, availableNow; and what is refused."""
import scene

spark = scene.session()
for i in range(1, 6):
    scene.put(f"in/{i}.csv", f"{i}\n")
stream = spark.readStream.schema("n INT").option("maxFilesPerTrigger", 2).csv(scene.path("in"))


def batches(query):
    return [(p["batchId"], p.numInputRows) for p in query.recentProgress if p.numInputRows]


now = stream.writeStream.format("noop").trigger(availableNow=True).start()
print("available now", now.awaitTermination(60), now.isActive, batches(now))
once = stream.writeStream.format("noop").trigger(once=True).start()
print("once", once.awaitTermination(60), once.isActive, sum(rows for _, rows in batches(once)))
timed = stream.writeStream.format("memory").queryName("timed").trigger(processingTime="100 milliseconds").start()
timed.processAllAvailable()
print("processing time", timed.isActive, batches(timed))
timed.stop()
plain = stream.writeStream.format("noop").start()
plain.processAllAvailable()
print("default", plain.isActive, batches(plain))
plain.stop()
checkpoint = scene.path("checkpoint")
for n in range(2):
    query = stream.writeStream.format("noop").option("checkpointLocation", checkpoint).trigger(availableNow=True).start()
    query.awaitTermination()
    print("restart", batches(query))
scene.attempt("two triggers", lambda: stream.writeStream.trigger(once=True, availableNow=True))
scene.attempt("no trigger", lambda: stream.writeStream.trigger())
scene.attempt("empty interval", lambda: stream.writeStream.trigger(processingTime=" "))
scene.attempt("wrong interval", lambda: stream.writeStream.format("noop").trigger(processingTime="soon").start())
scene.attempt("once is a flag", lambda: stream.writeStream.trigger(once=False))
