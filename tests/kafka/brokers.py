"""What the programs on Kafka share: topics of their own, records with fixed times, and output without what changes."""
import os
import re
import uuid

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic
from pyspark.sql import functions as F

servers = os.environ["KAFKA_BOOTSTRAP"]
_admin = AdminClient({"bootstrap.servers": servers})
_time = [1700000000000]


def topic(name, partitions=1):
    """A fresh topic, whose name begins with `name`."""
    full = f"{name}-{uuid.uuid4().hex[:8]}"
    for made in _admin.create_topics([NewTopic(full, partitions, 1, config={"retention.ms": "-1"})], operation_timeout=30).values():
        made.result()
    return full


def grow(name, partitions):
    for done in _admin.create_partitions([NewPartitions(name, partitions)], operation_timeout=30).values():
        done.result()


def send(name, *records):
    """(partition, key, value[, headers]); each record is a second younger than the one before."""
    producer = Producer({"bootstrap.servers": servers})
    for partition, key, value, *headers in records:
        _time[0] += 1000
        producer.produce(name, value, key, partition, timestamp=_time[0], headers=headers[0] if headers else None)
    producer.flush()


def read(reader, **options):
    """Dots in the names of options are two underscores."""
    reader = reader.format("kafka").option("kafka.bootstrap.servers", servers)
    for name, value in options.items():
        reader = reader.option(name.replace("__", "."), value)
    return reader.load()


def texts(frame, *columns):
    return frame.select(F.col("key").cast("string"), F.col("value").cast("string"), *columns)


def clean(text):
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>", str(text))
    return re.sub(r"-[0-9a-f]{8}\b", "-<n>", text)


def refused(title, action):
    """Prints what the action raises."""
    try:
        action()
        print(title, "-> fine")
    except Exception as error:
        print(title, "->", type(error).__name__, getattr(error, "getCondition", lambda: None)())
        print("  " + clean(error).strip().splitlines()[0])
