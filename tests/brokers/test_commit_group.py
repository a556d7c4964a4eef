"""A consumer group that is told how far a query has come, as `sluice kafka groups describe` shows it."""
import os
import subprocess
import sys
import uuid

import pytest
from confluent_kafka import Consumer

from waiting import wait_for

OPTION = "kafka.consumer.commit.groupid"


@pytest.fixture
def group():
    return f"group-{uuid.uuid4().hex[:8]}"


def lag(broker, group):
    """Partition → current offset, end of the log and lag, as the command's table has them of those with an offset."""
    done = subprocess.run([sys.executable, "-m", "sluice", "kafka", "groups", "describe", group], capture_output=True, text=True,
                          env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": broker.address()})
    cells = [line.split() for line in done.stdout.splitlines() if line.startswith(group)]
    return {int(row[2]): tuple(map(int, row[3:6])) for row in cells if row[3] != "-"}


def start(spark, broker, topic, group, folder, way="PLAINTEXT", **options):
    read = (spark.readStream.format("kafka").options(**broker.options(way)).option("subscribe", topic).option(OPTION, group)
            .option("startingOffsets", "earliest").options(**options).load())
    return read.writeStream.format("noop").option("checkpointLocation", folder / "checkpoint")


@pytest.mark.parametrize("way", ["PLAINTEXT", "PLAIN"])
def test_offsets_of_committed_batches(spark, broker, group, tmp_path, way):
    topic = broker.topic(2)
    broker.send(topic, [(None, b"v")] * 30, partition=0)
    query = start(spark, broker, topic, group, tmp_path, way).start()
    query.processAllAvailable()
    wait_for(lambda: lag(broker, group) == {0: (30, 30, 0), 1: (0, 0, 0)}, "the group is not told")
    broker.send(topic, [(None, b"v")] * 5, partition=1)
    query.processAllAvailable()
    query.stop()
    broker.send(topic, [(None, b"v")] * 7, partition=1)
    assert lag(broker, group) == {0: (30, 30, 0), 1: (5, 12, 7)}


def test_not_read_from(spark, broker, group, tmp_path):
    """The group's own offsets mean nothing to a query, and are put right when it starts again."""
    topic = broker.topic()
    broker.send(topic, [(None, b"v")] * 10)
    writing = start(spark, broker, topic, group, tmp_path, maxOffsetsPerTrigger="4").trigger(availableNow=True)
    writing.start().awaitTermination()
    assert lag(broker, group) == {0: (10, 10, 0)}
    reset = ["groups", "reset-offsets", group, "--topic", topic, "--to-earliest", "--execute"]
    subprocess.run([sys.executable, "-m", "sluice", "kafka", *reset], check=True, capture_output=True,
                   env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": broker.address()})
    assert lag(broker, group) == {0: (0, 10, 10)}
    again = writing.start()
    again.awaitTermination()
    assert not any(progress["numInputRows"] for progress in again.recentProgress)
    assert lag(broker, group) == {0: (10, 10, 0)}


def test_group_with_members(server, spark, broker, group, tmp_path):
    """It keeps its offsets, and the query goes on."""
    topic = broker.topic()
    broker.send(topic, [(None, b"v")] * 3)
    member = Consumer({"bootstrap.servers": broker.address(), "group.id": group, "enable.auto.commit": False})
    member.subscribe([topic])
    wait_for(lambda: member.poll(0.1) is None and member.assignment(), "the member gets no partition")
    query = start(spark, broker, topic, group, tmp_path).start()
    query.processAllAvailable()
    warning = f"could not be told to the Kafka consumer group '{group}'"
    wait_for(lambda: warning in server.log(), "no warning")
    query.stop()
    assert query.exception() is None and lag(broker, group) == {}
    member.close()


def test_refused(spark, broker, group, tmp_path):
    with pytest.raises(Exception, match="must name a group"):
        start(spark, broker, "t", " ", tmp_path).start()
    with pytest.raises(Exception, match="kafka.consumer.commit.groupid"):
        spark.read.format("kafka").options(**broker.options()).option("subscribe", "t").option(OPTION, group).load().collect()
