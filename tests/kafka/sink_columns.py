"""What the sink makes of its columns, from a batch and from a stream: topics, keys, partitions, headers, nulls."""
import brokers
import scene
from pyspark.sql import functions as F

spark = scene.session()
one, other = brokers.topic("one", 3), brokers.topic("other")


def back(title, name):
    frame = brokers.read(spark.read, subscribe=name, includeHeaders="true")
    scene.rows(title, brokers.texts(frame, F.expr("transform(headers, h -> struct(h.key, cast(h.value as string) as v))").alias("h"), "partition"))


def write(frame, **options):
    frame.write.format("kafka").option("kafka.bootstrap.servers", brokers.servers).options(**options).save()


rows = spark.createDataFrame([("a", "1", 2), ("b", "", 0), ("", None, 1), ("d", "4", None)], "key STRING, value STRING, partition INT")
headers = F.array(F.struct(F.lit("h").alias("key"), F.encode(F.col("key"), "utf-8").alias("value")),
                  F.struct(F.lit("none").alias("key"), F.lit(None).cast("binary").alias("value")))
write(rows.where("partition is not null"), topic=one)
write(rows.where("partition is not null").withColumn("headers", headers), topic=one)
back("batch", one)
write(rows.drop("partition").withColumn("topic", F.lit(other)))
back("topic of the rows", other)

scene.put("in/1.csv", "x,1\ny,2\nx,3\n")
counts = spark.readStream.schema("key STRING, value STRING").csv(scene.path("in")).groupBy("key").agg(F.count("*").cast("string").alias("value"))
target = brokers.topic("counts")
query = counts.writeStream.format("kafka").outputMode("update").option("kafka.bootstrap.servers", brokers.servers).option("topic", target)
query = query.option("checkpointLocation", scene.path("cp")).start()
query.processAllAvailable()
scene.put("in/2.csv", "y,4\n")
query.processAllAvailable()
query.stop()
back("stream", target)
print([progress["sink"]["numOutputRows"] for progress in query.recentProgress if progress.numInputRows])
