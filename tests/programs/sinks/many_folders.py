"""More folders than there may be open files: each has one file of a task still."""
import scene
from pyspark.sql import functions as F
spark = scene.session()
frame = spark.range(0, 20_000, numPartitions=1).select((F.col("id") % 700).alias("p"), "id")
frame.write.partitionBy("p").parquet(scene.path("out"))
files = [name for name in scene.names("out") if name.endswith(".parquet")]
print(len(files), len({name.split("/")[0] for name in files}))
back = spark.read.parquet(scene.path("out"))
print(back.count(), back.agg(F.sum("id"), F.countDistinct("p")).collect(), back.where("p = 699").agg(F.count("*"), F.min("id"), F.max("id")).collect())
scene.put("in/1.csv", "".join(f"{n % 300},{n}\n" for n in range(3000)))
stream = spark.readStream.schema("p INT, n INT").csv(scene.path("in"))
query = scene.now(stream.writeStream.format("json").partitionBy("p").option("checkpointLocation", scene.path("cp")), scene.path("streamed"))
print(len([name for name in scene.names("streamed") if name.endswith(".json")]))
print(spark.read.json(scene.path("streamed")).agg(F.count("*"), F.sum("n"), F.countDistinct("p")).collect())
