"""What a query tells about itself: ids, name, status, progress, and after its end."""
import uuid

import scene

spark = scene.session()
scene.put("in/1.csv", "1\n2\n3\n")
stream = spark.readStream.schema("n INT").csv(scene.path("in"))
query = (stream.where("n > 1").writeStream.format("memory").queryName("told")
         .option("checkpointLocation", scene.path("checkpoint")).start())
print(query.name, query.isActive, str(uuid.UUID(query.id)) == query.id, query.id != query.runId)
query.processAllAvailable()
print(sorted(query.status))
last = query.lastProgress
print(sorted(last))
print(last["name"], last["batchId"], last.numInputRows, last["id"] == query.id, last["runId"] == query.runId)
print(sorted(key for key in last["durationMs"]))
source = last["sources"][0]
print(sorted(source), source["numInputRows"], source["startOffset"], source["endOffset"], scene.clean(source["description"]))
print(last["sink"], last["stateOperators"])
print(type(last).__name__, last.batchId, last.sources[0].numInputRows, last.sink.description)
scene.put("in/2.csv", "4\n")
query.processAllAvailable()
progresses = [p for p in query.recentProgress if p.numInputRows]
print([(p["batchId"], p.numInputRows, p["sources"][0]["startOffset"], p["sources"][0]["endOffset"]) for p in progresses])
print(query.exception())
query.stop()
print(query.isActive, query.status)
print(query.awaitTermination(1), query.exception())
print(spark.streams.get(query.id) is None)
unnamed = stream.writeStream.format("noop").start()
print(unnamed.name, unnamed.isActive)
unnamed.stop()
unnamed.stop()
print(unnamed.isActive)
