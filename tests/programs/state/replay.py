"""A batch whose commit is missing runs again with the same files; counts stay right."""
import os

import scene

spark = scene.session()
stream = spark.readStream.text(scene.path("in"))
counts = stream.groupBy("value").count()
base = scene.base


def note(frame, batch_id):
    with open(f"{base}/log", "a") as log:
        log.write(f"batch {batch_id}: {sorted(map(tuple, frame.collect()))}\n")


def run():
    scene.now(counts.writeStream.outputMode("complete").foreachBatch(note).option("checkpointLocation", scene.path("cp")))


scene.put("in/1.txt", "x\ny\nx\n")
run()
scene.put("in/2.txt", "y\nz\n")
run()
for name in ("cp/commits/1", "cp/commits/.1.crc"):
    if os.path.exists(scene.path(name)):
        os.remove(scene.path(name))
scene.put("in/3.txt", "z\n")
run()
print(open(scene.path("log")).read(), end="")
print(sorted(name for name in scene.names("cp/commits")), sorted(scene.names("cp/offsets")))
