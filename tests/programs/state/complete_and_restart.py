"""Aggregates in complete mode over restarts: everything comes out each time, sorted if asked."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
stream = spark.readStream.schema("k STRING, v DOUBLE").csv(scene.path("in"))
totals = (stream.where("v IS NOT NULL").groupBy(F.upper("k").alias("key"))
          .agg(F.count("*").alias("n"), F.sum("v").alias("sum"), F.avg("v").alias("avg"), F.min("v").alias("low"),
               F.max("v").alias("high")).orderBy("key"))
base = scene.base


def note(frame, batch_id):
    with open(f"{base}/log", "a") as log:
        log.write(f"batch {batch_id}\n" + "".join(f"  {tuple(row)}\n" for row in frame.collect()))


for number, text in enumerate(("b,1\na,2.5\n", "A,3\nb,\n", "c,-1\nc,-2\n")):
    scene.put(f"in/{number}.csv", text)
    scene.now(totals.writeStream.outputMode("complete").foreachBatch(note).option("checkpointLocation", scene.path("cp")))
print(open(scene.path("log")).read(), end="")
