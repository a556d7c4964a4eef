"""Options of source and sink that are refused, and with which words."""
import brokers
import scene
from pyspark.sql import functions as F

spark = scene.session()
topic = brokers.topic("refused")
rows = spark.createDataFrame([("k", "v")], "key STRING, value STRING")


def batch(**options):
    return lambda: brokers.read(spark.read, **options).count()


def stream(**options):
    frame = lambda: brokers.read(spark.readStream, **options)
    return lambda: frame().writeStream.format("noop").trigger(availableNow=True).start().awaitTermination()


def write(frame, mode="append", **options):
    return lambda: frame.write.format("kafka").mode(mode).option("kafka.bootstrap.servers", brokers.servers).options(**options).save()


brokers.refused("nothing to read", stream())
brokers.refused("two ways", batch(subscribe=topic, assign='{"a":[0]}'))
brokers.refused("no topics", stream(subscribe=" , "))
brokers.refused("no pattern", stream(subscribePattern=" "))
brokers.refused("no partitions", stream(assign="a"))
brokers.refused("no limit", stream(subscribe=topic, maxRecordsPerPartition="0"))
brokers.refused("no number", stream(subscribe=topic, minPartitions="many"))
brokers.refused("least above most", stream(subscribe=topic, minOffsetsPerTrigger="5", maxOffsetsPerTrigger="3"))
brokers.refused("ends", stream(subscribe=topic, endingTimestamp="1"))
brokers.refused("latest", batch(subscribe=topic, startingOffsets=f'{{"{topic}":{{"0":-1}}}}'))
brokers.refused("earliest", batch(subscribe=topic, endingOffsets=f'{{"{topic}":{{"0":-2}}}}'))
brokers.refused("values", stream(subscribe=topic, kafka__value__deserializer="x"))
brokers.refused("schema", lambda: spark.readStream.format("kafka").schema("a INT").option("kafka.bootstrap.servers", brokers.servers).option("subscribe", topic).load().printSchema())
brokers.refused("other partitions", stream(subscribe=topic, startingOffsets=f'{{"{topic}":{{"7":1}}}}'))
brokers.refused("no form", stream(subscribe=topic, startingOffsetsByTimestamp="no"))
brokers.refused("mode", write(rows, "ignore", topic=topic))
brokers.refused("headers", write(rows.withColumn("headers", F.lit("h")), topic=topic))
brokers.refused("partition", write(rows.withColumn("partition", F.lit("h")), topic=topic))
brokers.refused("key", write(rows.withColumn("key", F.array("key")), topic=topic))
