"""availableNow and once over several sources, with limits, and progress numbers of each source."""
import scene

spark = scene.session()
for i in range(1, 6):
    scene.put(f"a/{i}.csv", f"{i}\n")
for i in range(1, 3):
    scene.put(f"b/{i}.csv", f"{i}0\n")
a = spark.readStream.schema("n INT").option("maxFilesPerTrigger", 2).csv(scene.path("a"))
b = spark.readStream.schema("n INT").option("maxFilesPerTrigger", 1).csv(scene.path("b"))


def show(title, query):
    print("--", title, query.awaitTermination(60))
    for p in query.recentProgress:
        print(p.batchId, p.numInputRows, [(s.numInputRows, s.startOffset, s.endOffset) for s in p.sources], p.sink.numOutputRows)


def run(title, frame, checkpoint, **trigger):
    show(title, frame.writeStream.format("noop").option("checkpointLocation", scene.path(checkpoint)).trigger(**trigger).start())


run("available now", a.union(b), "c1", availableNow=True)
run("available now, nothing new", a.union(b), "c1", availableNow=True)
scene.put("b/3.csv", "30\n")
run("available now, one source", a.union(b), "c1", availableNow=True)
run("once", a.union(b), "c2", once=True)
run("once, nothing new", a.union(b), "c2", once=True)
scene.put("a/6.csv", "6\n")
run("the same source twice", a.union(a), "c3", availableNow=True)
run("three", a.union(b).union(a.selectExpr("n + 1")), "c4", availableNow=True)
query = a.union(b).writeStream.format("noop").option("checkpointLocation", scene.path("c1")).trigger(processingTime="0 seconds").start()
query.processAllAvailable()
print(query.isActive, [(p.batchId, p.numInputRows) for p in query.recentProgress if p.numInputRows])
query.stop()
print(open(scene.path("c1/offsets/2")).read().splitlines()[2:])
