"""Streams into Kafka with options or columns that are refused: by the first batch, be it without rows."""
import itertools

import brokers
import scene

spark = scene.session()
scene.put("none/.hidden", "")
scene.put("in/1.csv", "1\n")
numbers = itertools.count()
topic = brokers.topic("refused")


def stream(columns="'v' AS value", servers=brokers.servers, folder="in", **options):
    def run():
        frame = spark.readStream.schema("n INT").csv(scene.path(folder)).where("n > 1").selectExpr(columns)
        writer = frame.writeStream.format("kafka").options(**{name.replace("__", "."): value for name, value in options.items()})
        if servers:
            writer = writer.option("kafka.bootstrap.servers", servers)
        writer.option("checkpointLocation", scene.path("cp", str(next(numbers)))).trigger(availableNow=True).start().awaitTermination()

    return run


brokers.refused("nothing wrong", stream(topic=topic))
brokers.refused("no batch", stream(folder="none"))
brokers.refused("serializer", stream(topic=topic, kafka__value__serializer="x"))
brokers.refused("no topic", stream())
brokers.refused("no value", stream("n", topic=topic))
brokers.refused("type of value", stream("n AS value", topic=topic))
