"""Partitions that get another leader under running queries, on both ways of reading, with both deliveries."""
import itertools
import json
import threading
import time
from collections import Counter

import pytest
from confluent_kafka.admin import NewTopic

from waiting import wait_for

WAYS = ("PLAINTEXT", "PLAIN")
DELIVERIES = ("at-least-once", "exactly-once")
PARTITIONS = 2
TOPIC = "led"
HASTE = {"linger_ms": "5", "request_timeout_ms": "4000", "socket_timeout_ms": "4000"}


class Feeder:
    """Sends numbered records to the partitions by turns, at any time, until it is told to end."""

    def __init__(self, cluster, topic):
        self._producer, self._topic = cluster.producer(acks="all", enable_idempotence="true", **HASTE), topic
        self.sent, self._ending = 0, threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self):
        for number in itertools.count():
            if self._ending.wait(0.005):
                return
            self._producer.produce(self._topic, b"%d" % number, partition=number % PARTITIONS)
            self._producer.poll(0)
            self.sent = number + 1

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._ending.set()
        self._thread.join()
        assert error[0] or self._producer.flush(60) == 0


@pytest.fixture
def led_by_first(cluster):
    """A topic whose partitions are all led by node 1, if it lives."""
    def make(name):
        made = cluster.admin.create_topics([NewTopic(name, PARTITIONS, replica_assignment=[[1, 2, 3], [1, 3, 2]])], operation_timeout=30)
        made[name].result()
        wait_for(lambda: all(cluster.leader(name, partition) for partition in range(PARTITIONS)), "the topic has no leaders")
        return name

    return make


def start_copy(spark, cluster, way, delivery, copy, folder):
    read = (spark.readStream.format("kafka").options(**cluster.options(way, request__timeout__ms="4000")).option("subscribe", TOPIC)
            .option("startingOffsets", "earliest").load())
    return (read.select("value").writeStream.format("kafka").options(**cluster.options(way, request__timeout__ms="4000"))
            .option("topic", copy).option("sluice.delivery", delivery)
            .option("checkpointLocation", folder / f"checkpoint-{way}-{delivery}").start())


def taken(query):
    """How many records the committed batches have."""
    return sum(sum(json.loads(progress["sources"][0]["endOffset"])[TOPIC].values()) for progress in query.recentProgress[-1:])


def await_all(queries, feeder, what):
    """Until all have committed a record that was sent after now; tells how long each takes."""
    begin, wanted, seconds = time.monotonic(), feeder.sent, {}

    def all_did():
        for name, query in queries.items():
            assert query.isActive, query.exception()
            if name not in seconds and taken(query) > wanted:
                seconds[name] = round(time.monotonic() - begin, 1)
        return len(seconds) == len(queries)

    try:
        wait_for(all_did, f"queries do not go on after {what}")
    finally:
        print(what, seconds)


def copied(spark, cluster, topic):
    """How often each number is there for readers of committed records."""
    frame = spark.read.format("kafka").options(**cluster.options(isolation__level="read_committed")).option("subscribe", topic).load()
    return Counter({int(value): count for value, count in frame.selectExpr("string(value) AS value").groupBy("value").count().collect()})


def test_leaders_change(spark, cluster, led_by_first, tmp_path):
    led_by_first(TOPIC)
    copies = {(way, delivery): led_by_first(f"copy-{way}-{delivery}") for way in WAYS for delivery in DELIVERIES}
    with Feeder(cluster, TOPIC) as feeder:
        queries = {name: start_copy(spark, cluster, *name, copy, tmp_path) for name, copy in copies.items()}
        await_all(queries, feeder, "the start")
        cluster.kill(1)
        await_all(queries, feeder, "the death of the leader")
        cluster.start(1)
        wait_for(lambda: all(cluster.in_sync(topic) for topic in (TOPIC, *copies.values())), "the broker does not catch up")
        for topic in (TOPIC, *copies.values()):
            cluster.elect_preferred(topic, PARTITIONS)
        wait_for(lambda: cluster.leader(TOPIC) == 1, "no election")
        await_all(queries, feeder, "an election")
        with cluster.paused(1):
            await_all(queries, feeder, "the silence of the leader")
    for name, query in queries.items():
        query.processAllAvailable()
        assert query.exception() is None
        query.stop()
        found = copied(spark, cluster, copies[name])
        assert set(found) == set(range(feeder.sent)), name
        if name[1] == "exactly-once":
            assert set(found.values()) == {1}, name
