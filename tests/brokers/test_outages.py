"""Brokers that are away or slow: while a query starts, while it runs, and when it is stopped."""
import contextlib
import re
import socket
import threading
import time

import pytest

from own_brokers import jaas
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


@pytest.mark.parametrize("way", ["PLAINTEXT", "PLAIN"])
def test_no_broker_for_a_planned_batch(spark, broker, nobody, tmp_path, way):
    topic = broker.topic()
    broker.send(topic, [(None, b"v")] * 5)

    def write(**changes):
        read = (spark.readStream.format("kafka").options(**broker.options(way, **changes)).option("subscribe", topic)
                .option("startingOffsets", "earliest").option("kafkaConsumer.pollTimeoutMs", "1500").load())
        return read.writeStream.format("noop").option("checkpointLocation", tmp_path / "checkpoint")

    write().trigger(availableNow=True).start().awaitTermination()
    (tmp_path / "checkpoint" / "commits" / "0").unlink()  # so that the batch runs again
    words = f"Cannot fetch record for offset 0 of partition {topic}-0, in the range [0, 5), in 1500 milliseconds from Kafka ({nobody})"
    with pytest.raises(Exception, match=re.escape(words)):
        write(bootstrap__servers=nobody).start().awaitTermination()


def start_copy(spark, broker, way, topic, copy, folder, read=(), **write):
    frame = (spark.readStream.format("kafka").options(**broker.options(way, **dict(read))).option("subscribe", topic)
             .option("startingOffsets", "earliest").option("maxOffsetsPerTrigger", "200").load())
    return (frame.select("key", "value").writeStream.format("kafka").options(**broker.options(way)).options(**write)
            .option("topic", copy).option("checkpointLocation", folder / f"checkpoint-{way}").start())


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


@contextlib.contextmanager
def in_background(action):
    """The action's error, as a list, once it has one."""
    failures = []

    def work():
        try:
            action()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield failures
    thread.join(SOON_SECONDS)
    assert not thread.is_alive()


@pytest.mark.parametrize("way", ["PLAINTEXT", "PLAIN"])
@pytest.mark.parametrize("action", ["read", "write", "processAllAvailable"])
def test_interrupted(spark, nobody, tmp_path, action, way):
    """Calls that wait for brokers end when they are interrupted, long before their time is up."""
    options = {"kafka.bootstrap.servers": nobody}
    if way != "PLAINTEXT":
        options.update({"kafka.security.protocol": "SASL_PLAINTEXT", "kafka.sasl.mechanism": way,
                        "kafka.sasl.jaas.config": jaas(way, "secret")})
    stream = spark.readStream.format("kafka").options(**options).option("subscribe", "t").load()
    query = stream.writeStream.format("noop").option("checkpointLocation", tmp_path / "checkpoint").start()
    rows = spark.range(1).selectExpr("string(id) AS value").write.format("kafka").options(**options).option("topic", "t")
    actions = {"read": spark.read.format("kafka").options(**options).option("subscribe", "t").load().collect,
               "write": rows.save, "processAllAvailable": query.processAllAvailable}
    with in_background(actions[action]) as failures:
        wait_for(spark.interruptAll, "nothing runs")
        wait_for(lambda: failures, "the call goes on")
    assert "OPERATION_CANCELED" in str(failures[0])
    assert query.isActive
    stop_soon(query)


def test_slow_broker(spark, server, broker, tmp_path):
    """A broker that does not answer for some time, longer than requests may take: nothing is lost, nothing comes twice."""
    records = [(b"%d" % n, b"x" * 50) for n in range(ROWS)]
    topic = broker.topic()
    broker.send(topic, records)
    hasty = {"request__timeout__ms": "1600", "fetch__max__wait__ms": "100"}
    queries = {}
    for way in ("PLAINTEXT", "PLAIN"):
        copy = broker.topic()
        query = start_copy(spark, broker, way, topic, copy, tmp_path, read=hasty, **{"sluice.delivery": "exactly-once"})
        queries[copy] = query
    wait_for(lambda: all(query.lastProgress for query in queries.values()), "no batch has ended")
    words = ("brokers are down", "did not answer a Fetch request")  # of the library, and our own
    before = [server.log().count(each) for each in words]
    with broker.paused():
        wait_for(lambda: all(server.log().count(each) > count for each, count in zip(words, before)), "nobody notices")
    broker.send(topic, records)
    for copy, query in queries.items():
        query.processAllAvailable()
        assert query.exception() is None
        stop_soon(query)
        committed = spark.read.format("kafka").options(**broker.options(isolation__level="read_committed")).option("subscribe", copy)
        counts = committed.load().groupBy("key").count().groupBy("count").count().collect()
        assert [tuple(row) for row in counts] == [(2, ROWS)]


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
