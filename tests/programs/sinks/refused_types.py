"""Column types that a file format cannot hold, in streams and in batches."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
scene.put("in/1.csv", "1,a\n")
stream = spark.readStream.schema("n INT, k STRING").csv(scene.path("in"))
batch = spark.read.schema("n INT, k STRING").csv(scene.path("in"))
columns = {"two columns": ["k", "n"], "a number": ["n"], "an array": ["k", F.array("n").alias("a")],
           "a struct": [F.struct("n", "k").alias("s")], "a map": [F.create_map("k", "n").alias("m")], "nothing": ["k", F.lit(None).alias("v")]}
for kind in ("text", "csv"):
    for title, chosen in columns.items():
        name = f"{kind}-{title}"
        scene.attempt(f"stream, {kind}, {title}", lambda: scene.now(stream.select(*chosen).writeStream.format(kind).option(
            "checkpointLocation", scene.path("c-" + name)), scene.path(name)))
        scene.attempt(f"batch, {kind}, {title}", lambda: batch.select(*chosen).write.format(kind).save(scene.path("b-" + name)))
