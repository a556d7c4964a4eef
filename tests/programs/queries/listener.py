"""A listener hears of starts, progress and ends, also of failures and of queries without names."""
import threading

from pyspark.sql.streaming import StreamingQueryListener

import scene

spark = scene.session()
scene.put("in/1.csv", "1\n2\n")
stream = spark.readStream.schema("n INT").csv(scene.path("in"))
events = []
ended = threading.Semaphore(0)


class Listener(StreamingQueryListener):
    def onQueryStarted(self, event):
        events.append(("started", event.name, str(event.id) == str(event.runId), event.timestamp.endswith("Z")))

    def onQueryProgress(self, event):
        p = event.progress
        events.append(("progress", p.name, p.batchId, p.numInputRows, p.sources[0].numInputRows, p.sink.numOutputRows,
                       sorted(p.durationMs), p.sources[0].startOffset, p.sources[0].endOffset, p.eventTime,
                       [(o.operatorName, o.numRowsTotal, o.numRowsUpdated, o.numShufflePartitions) for o in p.stateOperators]))

    def onQueryIdle(self, event):
        events.append(("idle",))

    def onQueryTerminated(self, event):
        events.append(("terminated", event.exception and event.exception.splitlines()[0][:60], event.errorClassOnException))
        ended.release()


listener = Listener()
spark.streams.addListener(listener)
query = stream.writeStream.format("noop").queryName("heard").start()
query.processAllAvailable()
query.stop()
ended.acquire(timeout=30)
scene.now(stream.groupBy("n").count().writeStream.outputMode("update").format("noop"))
ended.acquire(timeout=30)
bad = stream.selectExpr("1 / (n - 1)").writeStream.format("noop").start()
try:
    bad.awaitTermination()
except Exception:
    pass
ended.acquire(timeout=30)
for event in events:
    print(scene.clean(str(event)))
spark.streams.removeListener(listener)
count = len(events)
scene.now(stream.writeStream.format("noop"))
print(len(events) == count)
