"""Brokers that are away: while a query starts, while it runs, and when it is stopped."""
import socket
import time

import pytest

from waiting import wait_for

SOON_SECONDS = 15
ROWS = 3000


@pytest.fixture
def nobody():
    """An address that refuses connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


def test_no_broker_at_start(spark, nobody, tmp_path):
    waits = {"kafka.bootstrap.servers": nobody, "kafka.default.api.timeout.ms": "1500"}
    begin = time.monotonic()
    with pytest.raises(Exception, match=f"(?s)Kafka .{nobody}. did not tell the partitions of topic 't': .*Connection refused"):
        spark.read.format("kafka").options(**waits).option("subscribe", "t").load().collect()
    stream = spark.readStream.format("kafka").options(**waits).option("subscribe", "t").load()
    query = stream.writeStream.format("noop").option("checkpointLocation", tmp_path / "checkpoint").start()
    with pytest.raises(Exception, match=f"(?s){nobody}.*Connection refused"):
        query.awaitTermination()
    rows = spark.range(1).selectExpr("string(id) AS value")
    writer = rows.write.format("kafka").option("kafka.bootstrap.servers", nobody).option("kafka.delivery.timeout.ms", "1500")
    with pytest.raises(Exception, match=f"(?s)Kafka .{nobody}. did not take a record for topic 't'.*timed out.*Connection refused"):
        writer.option("topic", "t").save()
    assert time.monotonic() - begin < SOON_SECONDS


def start_copy(spark, broker, way, topic, copy, folder):
    read = (spark.readStream.format("kafka").options(**broker.options(way)).option("subscribe", topic)
            .option("startingOffsets", "earliest").option("maxOffsetsPerTrigger", "200").load())
    return (read.select("key", "value").writeStream.format("kafka").options(**broker.options(way)).option("topic", copy)
            .option("checkpointLocation", folder / f"checkpoint-{way}").start())


def start_waiting(spark, broker, folder):
    """A query that has a row to write."""
    (folder / "in").mkdir()
    (folder / "in" / "1.txt").write_text("row\n")
    lines = spark.readStream.text(str(folder / "in"))
    return (lines.writeStream.format("kafka").options(**broker.options()).option("topic", "unreachable")
            .option("checkpointLocation", folder / "checkpoint-waiting").start())


def stop_soon(query):
    begin = time.monotonic()
    query.stop()
    assert time.monotonic() - begin < SOON_SECONDS


def test_restart_of_the_broker(spark, broker, tmp_path):
    """Both ways of reading go on with what they had; queries end when they are stopped meanwhile."""
    topic, idle = broker.topic(2), broker.topic()
    records = [(b"%d" % n, b"x" * 50) for n in range(ROWS)]
    broker.send(topic, records, partition=0)
    broker.send(topic, records, partition=1)
    copies = {way: broker.topic() for way in ("PLAINTEXT", "PLAIN")}
    queries = {way: start_copy(spark, broker, way, topic, copy, tmp_path) for way, copy in copies.items()}
    reading = start_copy(spark, broker, "TLS", idle, idle, tmp_path)
    reading.processAllAvailable()
    wait_for(lambda: all(query.lastProgress for query in queries.values()), "no batch has ended")
    broker.stop()
    writing = start_waiting(spark, broker, tmp_path)
    wait_for(lambda: writing.status["isTriggerActive"], "the batch does not begin")
    stop_soon(reading)
    stop_soon(writing)
    broker.start()
    broker.send(topic, records, partition=0)
    for way, query in queries.items():
        query.processAllAvailable()
        assert query.exception() is None
        stop_soon(query)
        copied = spark.read.format("kafka").options(**broker.options()).option("subscribe", copies[way]).load()
        counts = copied.groupBy("key").count().groupBy("count").count().collect()
        assert [tuple(row) for row in counts] == [(3, ROWS)]
