"""foreachBatch: show, filter, count, cache, write and join inside, once per batch, with its id."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
spark.createDataFrame([("a", "Alpha"), ("b", "Beta")], "k STRING, name STRING").write.parquet(scene.path("names"))
base = scene.base


def handle(frame, batch_id):
    frame.cache()
    large = frame.filter("v > 1")
    with open(f"{base}/log", "a") as log:
        log.write(f"batch {batch_id}: {frame.count()} rows, {large.count()} large, columns {frame.columns}\n")
    names = frame.sparkSession.read.parquet(f"{base}/names")
    joined = large.join(names, "k", "left").withColumn("batch", F.lit(batch_id))
    joined.write.mode("append").json(f"{base}/joined")
    frame.groupBy("k").agg(F.sum("v").alias("total")).write.mode("overwrite").parquet(f"{base}/totals/{batch_id}")
    frame.unpersist()


stream = spark.readStream.schema("k STRING, v INT").option("maxFilesPerTrigger", 1).csv(scene.path("in"))
scene.put("in/1.csv", "a,1\na,2\nb,3\n")
scene.put("in/2.csv", "x,4\n")
writer = stream.writeStream.foreachBatch(handle).option("checkpointLocation", scene.path("checkpoint"))
scene.now(writer)
scene.put("in/3.csv", "b,5\nb,6\n")
scene.now(stream.writeStream.foreachBatch(handle).option("checkpointLocation", scene.path("checkpoint")))
print(open(scene.path("log")).read(), end="")
scene.rows("joined", spark.read.schema("k STRING, v INT, name STRING, batch INT").json(scene.path("joined")))
scene.rows("totals of batch 0", spark.read.parquet(scene.path("totals/0")))


def fail(frame, batch_id):
    raise RuntimeError(f"refused batch {batch_id}")


query = stream.writeStream.foreachBatch(fail).start()
try:
    query.awaitTermination()
except Exception as error:
    print(type(error).__name__, "refused batch 0" in str(error), "RuntimeError" in str(error))
print(query.isActive, "refused batch 0" in str(query.exception()))
