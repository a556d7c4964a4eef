"""The file sink with Parquet: restarts go on where they were, the log names what is whole."""
import os

from pyspark.sql import functions as F

import scene

spark = scene.session()
scene.put("in/1.csv", "1,a,1.5\n2,b,2.5\n")
stream = (spark.readStream.schema("id INT, k STRING, v DOUBLE").csv(scene.path("in"))
          .withColumn("twice", F.col("v") * 2).filter("id < 100"))


def run():
    writer = stream.writeStream.format("parquet").option("checkpointLocation", scene.path("checkpoint"))
    return scene.now(writer, scene.path("out"))


query = run()
scene.rows("first run", spark.read.parquet(scene.path("out")))
scene.put("in/2.csv", "3,c,3.5\n100,d,0\n")
again = run()
print("same id", again.id == query.id, "other run", again.runId != query.runId)
scene.rows("second run", spark.read.parquet(scene.path("out")))
run()
scene.rows("nothing new", spark.read.parquet(scene.path("out")))
spark.read.parquet(scene.path("out")).printSchema()
print(scene.names("checkpoint"))
print(scene.names("out/_spark_metadata"))
print(len([name for name in os.listdir(scene.path("out")) if name.endswith(".parquet")]) >= 2)
