"""A stream into transactions, in steps over restarts of the query, read back by a reader that sees committed records only."""
import brokers
import scene
from pyspark.sql import functions as F

spark = scene.session()
target, other = brokers.topic("once", 2), brokers.topic("other")


def run(title, frame, folder, **options):
    query = frame.writeStream.format("kafka").option("kafka.bootstrap.servers", brokers.servers).options(**options)
    query = query.option("sluice.delivery", "exactly-once").option("checkpointLocation", scene.path(folder)).trigger(availableNow=True).start()
    query.awaitTermination()
    print("--", title)
    for progress in query.recentProgress:
        print(progress["batchId"], progress["numInputRows"], progress["sink"]["numOutputRows"])


def back(title, name):
    frame = brokers.read(spark.read, subscribe=name, kafka__isolation__level="read_committed")
    scene.rows(title, brokers.texts(frame))


lines = spark.readStream.schema("key STRING, value STRING").option("maxFilesPerTrigger", 1).csv(scene.path("in"))
scene.put("in/1.csv", "a,1\nb,2\n")
scene.put("in/2.csv", "none,3\n")
scene.put("in/3.csv", "a,4\n")
run("three batches, one without rows", lines.where("key <> 'none'"), "cp", topic=target)
scene.put("in/4.csv", "c,5\n")
run("a batch more", lines.where("key <> 'none'"), "cp", topic=target)
run("nothing new", lines.where("key <> 'none'"), "cp", topic=target)
back("one topic", target)

run("topics of the rows", lines.withColumn("topic", F.when(F.col("key") == "a", target).otherwise(other)), "cp2")
back("the first", target)
back("the other", other)
