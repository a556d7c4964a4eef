"""A stream in steps over restarts: its offsets log, its initial offsets, limits, a partition that is added, progress."""
import json

import brokers
import scene

spark = scene.session()
topic = brokers.topic("restarts", 2)
brokers.send(topic, *[(i % 2, f"k{i}", f"v{i}") for i in range(10)])


def run(title, **options):
    frame = brokers.texts(brokers.read(spark.readStream, subscribe=topic, **options), "partition", "offset")
    query = frame.writeStream.format("parquet").option("path", scene.path("out")).option("checkpointLocation", scene.path("cp"))
    query = query.trigger(availableNow=True).start()
    query.awaitTermination()
    print("--", title)
    for progress in query.recentProgress:
        source = progress["sources"][0]
        print(progress["batchId"], source["numInputRows"], [source[key] and brokers.clean(source[key]) for key in ("startOffset", "endOffset", "latestOffset")], source["metrics"])
        print(brokers.clean(source["description"]))


run("limited", startingOffsets="earliest", maxOffsetsPerTrigger="4")
brokers.grow(topic, 3)
brokers.send(topic, (2, "new", "partition"), (0, "k10", "v10"))
run("a partition more; where to start is known", startingOffsets="latest")
scene.rows("all", spark.read.parquet(scene.path("out")))
for number in range(4):
    with open(scene.path("cp", "offsets", str(number))) as file:
        print(number, brokers.clean(file.read().splitlines()[2]))
with open(scene.path("cp", "sources", "0", "0"), "rb") as file:
    print(brokers.clean(file.read()))
