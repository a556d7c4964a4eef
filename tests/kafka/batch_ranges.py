"""Batch reads: where they start and end, columns and their types, headers, patterns, assigned and divided partitions."""
import json

import brokers
import scene
from pyspark.sql import functions as F

spark = scene.session()
topic = brokers.topic("ranges", 2)
brokers.send(topic, *[(i % 2, f"k{i}", f"v{i}", [("h", b"x"), ("none", None)] if i == 3 else None) for i in range(8)])
brokers.send(topic, (0, None, None), (1, "", ""))


def show(title, **options):
    scene.rows(title, brokers.texts(brokers.read(spark.read, **options), "partition", "offset"))


everything = brokers.read(spark.read, subscribe=topic, includeHeaders="true")
everything.printSchema()
scene.rows("times", everything.select("offset", "partition", "timestamp", "timestampType", F.size("headers").alias("headers")))
scene.rows("header", everything.where("headers is not null").select(F.explode("headers").alias("h")).select("h.key", F.col("h.value").cast("string")))
show("offsets", subscribe=topic, startingOffsets=json.dumps({topic: {"0": 1, "1": -2}}), endingOffsets=json.dumps({topic: {"0": 3, "1": -1}}))
show("times", subscribePattern=topic[:-1] + ".", startingTimestamp="1700000003000", endingTimestamp="1700000006000")
show("each its time", assign=json.dumps({topic: [0]}), startingOffsetsByTimestamp=json.dumps({topic: {"0": 1700000005000}}))
show("later than all", subscribe=topic, startingTimestamp="1800000000000", startingOffsetsByTimestampStrategy="latest")
for options in ({"minPartitions": "5"}, {"maxRecordsPerPartition": "2"}, {"minPartitions": "3"}):
    frame = brokers.read(spark.read, subscribe=topic, **options)
    scene.rows(str(options), frame.groupBy(F.spark_partition_id().alias("task"), "partition").agg(F.min("offset"), F.max("offset")).drop("task"))
brokers.refused("no record so young", lambda: brokers.read(spark.read, assign=json.dumps({topic: [1]}), startingTimestamp="1800000000000").count())
brokers.refused("start behind end", lambda: brokers.read(spark.read, subscribe=topic, startingOffsets=json.dumps({topic: {"0": 3, "1": 0}}), endingOffsets=json.dumps({topic: {"0": 1, "1": 1}})).count())
