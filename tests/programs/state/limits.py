"""limit on a stream counts over all batches; after a complete aggregation it is that of a table."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
stream = spark.readStream.schema("n INT, k STRING").option("maxFilesPerTrigger", 1).csv(scene.path("in"))
scene.put("in/1.csv", "1,a\n2,b\n")
scene.put("in/2.csv", "3,a\n4,b\n")


def operators(query):
    last = [p for p in query.recentProgress if p.numInputRows][-1]
    return [(o.operatorName, o.numRowsTotal, o.numRowsUpdated, o.numShufflePartitions) for o in last.stateOperators]


first = stream.limit(3).writeStream.format("memory").queryName("first").option("checkpointLocation", scene.path("checkpoint"))
query = first.start()
query.processAllAvailable()
print(spark.table("first").count(), operators(query))
scene.put("in/3.csv", "5,a\n")
query.processAllAvailable()
print(spark.table("first").count(), operators(query))
query.stop()
written = stream.limit(3).writeStream.format("json").option("checkpointLocation", scene.path("written"))
scene.now(written, scene.path("out"))
scene.put("in/4.csv", "6,a\n7,b\n")
query = scene.now(stream.limit(3).writeStream.format("json").option("checkpointLocation", scene.path("written")), scene.path("out"))
print(spark.read.json(scene.path("out")).count(), operators(query), scene.names("written/state"))
below = stream.limit(4).groupBy("k").count().writeStream.outputMode("complete").format("memory").queryName("below").start()
below.processAllAvailable()
print(spark.table("below").agg(F.sum("count")).collect(), operators(below))
below.stop()
top = stream.groupBy("k").agg(F.sum("n").alias("s")).orderBy(F.desc("s")).limit(1)
above = top.writeStream.outputMode("complete").format("memory").queryName("above").start()
scene.drain(above, "above a complete aggregation", spark)
print(operators(above))
above.stop()
scene.attempt("in update mode", lambda: stream.limit(1).writeStream.outputMode("update").format("noop").start())
