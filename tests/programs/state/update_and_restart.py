"""Counts in update mode keep their state over restarts; the changed keys come out."""
import scene

spark = scene.session()
stream = spark.readStream.schema("k STRING, v INT").csv(scene.path("in"))
totals = stream.groupBy("k").agg({"v": "sum", "*": "count"})
base = scene.base


def note(frame, batch_id):
    rows = sorted(map(tuple, frame.collect()), key=str)
    with open(f"{base}/log", "a") as log:
        log.write(f"batch {batch_id}: {rows}\n")


for number, text in enumerate(("a,1\nb,2\na,3\n", "b,10\nc,20\n", "a,100\n,5\n")):
    scene.put(f"in/{number}.csv", text)
    query = scene.now(totals.writeStream.outputMode("update").foreachBatch(note).option("checkpointLocation", scene.path("cp")))
    for progress in query.recentProgress:
        for operator in progress["stateOperators"]:
            print(progress["batchId"], operator["operatorName"], operator["numRowsTotal"], operator["numRowsUpdated"],
                  operator["numShufflePartitions"])
print(open(scene.path("log")).read(), end="")
print([name for name in scene.names("cp") if not name.startswith("state/")])
print(sorted({name.rsplit("/", 1)[0] for name in scene.names("cp") if name.startswith("state/")}))
