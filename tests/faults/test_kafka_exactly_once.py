"""Exactly-once delivery to Kafka: a killed query, started again, has written each row once for readers of committed records."""
import concurrent.futures
import itertools
import os
import random
import socket
import threading
import uuid
from collections import Counter

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, IsolationLevel, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from waiting import wait_for

from .lives import Run, fault_points, interrupted
from .scenarios import Scenario, make_input, totals

PARTITIONS = 3
JOBS = 4
PASSAGES = (1, 3)
ROWS, FILES = 40, 60  # of the input that is killed at random
LONGEST_LIFE = 0.6  # seconds of a query, until it is killed


class Topic:
    """A fresh topic, and what a reader of committed records finds there."""

    def __init__(self, servers):
        self.servers, self.name = servers, f"once-{uuid.uuid4().hex[:12]}"
        admin = AdminClient({"bootstrap.servers": servers})
        for made in admin.create_topics([NewTopic(self.name, PARTITIONS, 1)], operation_timeout=30).values():
            made.result()

    def values(self):
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": self.name, "isolation.level": "read_committed",
                             "enable.partition.eof": True, "enable.auto.commit": False})
        consumer.assign([TopicPartition(self.name, partition, OFFSET_BEGINNING) for partition in range(PARTITIONS)])
        found, ended = Counter(), set()
        while len(ended) < PARTITIONS:
            record = consumer.poll(30)
            assert record is not None, "the broker does not answer"
            if record.error():
                assert record.error().code() == KafkaError._PARTITION_EOF, record.error()
                ended.add(record.partition())
            else:
                found[record.value().decode()] += 1
        consumer.close()
        return found


def to_kafka(values, folder, topic, servers=None, **options):
    options = {"sluice.delivery": "exactly-once", **{name.replace("__", "."): value for name, value in options.items()}}
    return (values.writeStream.format("kafka").options(**options).option("topic", topic.name)
            .option("kafka.bootstrap.servers", servers or topic.servers).option("checkpointLocation", folder + "/checkpoint"))


def writer(spark, folder, *where, **options):
    rows = spark.readStream.schema("n INT, k STRING").option("maxFilesPerTrigger", 1).csv(folder + "/in")
    return to_kafka(rows.selectExpr("concat(n, k) AS value"), folder, *where, **options)


def to_topic(servers):
    topic = Topic(servers)
    return Scenario("csv to Kafka", lambda spark, folder: writer(spark, folder, topic).trigger(availableNow=True).start(),
                    lambda spark, folder: topic.values())


def put(folder, name, rows):
    os.makedirs(folder + "/in", exist_ok=True)
    with open(folder + "/part", "w") as file:
        file.writelines(f"{row},x\n" for row in rows)
    os.rename(folder + "/part", f"{folder}/in/{name}.csv")


def input_values():
    return Counter({f"{index * 10 + row}{'abc'[row % 3]}": 1 for index in range(5) for row in range(6)})


def points():
    """Those between the steps of a batch; others have nothing to do with the sink."""
    return [point for point in fault_points() if point.startswith("kafka.") and "dead_letters" not in point] + [
        "stream.after_offsets", "stream.after_sink", "stream.before_commit", "stream.after_commit"]


@pytest.fixture(scope="module")
def pool():
    with concurrent.futures.ThreadPoolExecutor(JOBS) as workers:
        yield workers


@pytest.fixture(scope="module")
def results(request, server_program, kafka, pool):
    """(point, action) → its runs; all are under way as soon as the first is asked for."""
    wanted = {item.callspec.params["point"] for item in request.session.items
              if getattr(item, "originalname", "") == "test_fault_between_steps"}
    return {(point, action): [pool.submit(interrupted, server_program, to_topic(kafka), point, passage, action, make_input)
                              for passage in (PASSAGES if action == "kill" else PASSAGES[-1:])]
            for point in sorted(wanted) for action in ("kill", "error")}


@pytest.mark.parametrize("point", points())
def test_fault_between_steps(point, results):
    for action in ("kill", "error"):
        for run in results[point, action]:
            assert run.result() == input_values(), f"after {action} at {point}"


def test_state_of_a_committed_batch(server_program, kafka):
    """A batch that is not written again has its state: the next one counts on."""

    def counts():
        topic = Topic(kafka)

        def start(spark, folder):
            rows = spark.readStream.schema("n INT, k STRING").option("maxFilesPerTrigger", 1).csv(folder + "/in")
            values = totals(rows).selectExpr("concat_ws(',', k, n, s) AS value")
            return to_kafka(values, folder, topic).outputMode("update").trigger(availableNow=True).start()

        return Scenario("counts", start, lambda spark, folder: topic.values())

    killed, whole = (interrupted(server_program, counts(), "kafka.after_transaction", passage, action, make_input)
                     for passage, action in ((2, "kill"), (5, "error")))
    assert killed == whole and sum(whole.values()) == 15


def live(run, scenario, folder, seconds):
    """False if the server was killed before the query had come to its end."""
    timer = threading.Timer(seconds or 0, run.server.kill)
    if seconds:
        timer.start()
    failure = run.start_and_wait(scenario, folder)
    timer.cancel()
    if seconds:
        timer.join()
    if failure and run.server.alive():
        raise failure
    return run.server.alive()


def test_killed_at_any_moment(request, server_program, kafka, tmp_path):
    """The query of one checkpoint is killed again and again until it has come to its end; then the next one's turn is."""
    wanted, kills, seed = request.config.getoption("--kills"), 0, random.randrange(1 << 32)
    moments = random.Random(seed)
    for number in itertools.count():
        if kills >= wanted:
            break
        folder, topic = str(tmp_path / str(number)), Topic(kafka)
        for index in range(FILES):
            put(folder, str(index), range(index * ROWS, index * ROWS + ROWS))
        scenario = Scenario("csv to Kafka", lambda spark, folder: writer(spark, folder, topic).trigger(availableNow=True).start(), None)
        complete = False
        while not complete:
            run = Run(server_program)
            complete = live(run, scenario, folder, moments.uniform(0, LONGEST_LIFE) if kills < wanted else None)
            kills += not complete
            run.server.kill()
            run.close()
        assert topic.values() == Counter({f"{row}x": 1 for row in range(ROWS * FILES)}), f"seed {seed}, {kills} kills"
    print(f"{kills} kills of {number} queries")


@pytest.fixture(scope="module")
def spark(server_program):
    run = Run(server_program)
    yield run.spark
    run.close()


def failure_of(query):
    with pytest.raises(Exception) as failure:
        query.awaitTermination(60)
    assert not query.isActive
    return str(failure.value)


def test_fenced(spark, kafka, tmp_path):
    """Another producer with the same transactional id ends the query; the batch is whole after the next start."""
    folder, topic = str(tmp_path), Topic(kafka)
    put(folder, "1", range(3))
    writing = writer(spark, folder, topic, kafka__transactional__id=topic.name)
    query = writing.start()
    query.processAllAvailable()
    other = Producer({"bootstrap.servers": kafka, "transactional.id": topic.name})
    other.init_transactions(30)
    put(folder, "2", range(3, 6))
    message = failure_of(query)
    assert "batch 1" in message and f"transactional id '{topic.name}'" in message and "Another producer with that id has started" in message
    again = writing.start()
    again.processAllAvailable()
    again.stop()
    assert topic.values() == Counter(f"{row}x" for row in range(6))


def ended(topic):
    """True if no record of the topic is part of an open transaction, and there are some."""
    admin = AdminClient({"bootstrap.servers": topic.servers})
    asked = {TopicPartition(topic.name, partition): OffsetSpec.latest() for partition in range(PARTITIONS)}
    all_of_it, committed = ([future.result().offset for future in admin.list_offsets(asked, isolation_level=level).values()]
                            for level in (IsolationLevel.READ_UNCOMMITTED, IsolationLevel.READ_COMMITTED))
    return any(all_of_it) and all_of_it == committed


def test_expired_transaction(server_program, kafka, tmp_path):
    """A batch that takes longer than its transaction may: the query says so, and the next start writes the batch."""
    folder, topic = str(tmp_path), Topic(kafka)
    put(folder, "1", range(3))
    run = Run(server_program, SLUICE_FAULT="kafka.after_flush=pause")
    query = writer(run.spark, folder, topic, kafka__transaction__timeout__ms="1000").start()
    wait_for(run.server.paused, "the batch does not come to its end")
    wait_for(lambda: ended(topic), "the brokers do not end the transaction")
    run.server.resume()
    message = failure_of(query)
    assert "batch 0" in message and "the batch took longer than kafka.transaction.timeout.ms" in message
    assert topic.values() == Counter()
    writer(run.spark, folder, topic).trigger(availableNow=True).start().awaitTermination()
    assert topic.values() == Counter(f"{row}x" for row in range(3))
    run.close()


def test_copied_checkpoint(spark, kafka, tmp_path):
    """A batch that the brokers have from another copy of the checkpoint is refused: its rows may be others."""
    folder, topic = str(tmp_path), Topic(kafka)
    put(folder, "1", range(3))
    writer(spark, folder, topic).trigger(availableNow=True).start().awaitTermination()
    for log in ("offsets", "commits"):
        os.remove(f"{folder}/checkpoint/{log}/0")
    put(folder, "2", range(3, 6))
    message = failure_of(writer(spark, folder, topic).trigger(availableNow=True).start())
    assert "batch 0 is already in Kafka, written from another state of the checkpoint" in message
    assert topic.values() == Counter(f"{row}x" for row in range(3))


@pytest.fixture
def nobody():
    """An address that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield "127.0.0.1:%d" % listening.getsockname()[1]


class NoTopic:
    name, servers = "unreachable", ""


@pytest.mark.parametrize("delivery", ["at-least-once", "exactly-once"])
def test_stop_without_brokers(spark, nobody, tmp_path, delivery):
    folder = str(tmp_path)
    put(folder, "1", range(3))
    spark.conf.set("spark.sql.streaming.stopTimeout", "5s")
    query = writer(spark, folder, NoTopic, nobody, sluice__delivery=delivery).start()
    wait_for(lambda: os.path.exists(folder + "/checkpoint/offsets/0"), "no batch begins")
    query.stop()
    assert not query.isActive and query.exception() is None


@pytest.mark.parametrize("delivery", ["at-least-once", "exactly-once"])
def test_no_brokers(spark, nobody, tmp_path, delivery):
    folder = str(tmp_path)
    put(folder, "1", range(3))
    message = failure_of(writer(spark, folder, NoTopic, nobody, sluice__delivery=delivery, kafka__delivery__timeout__ms="1000",
                                kafka__linger__ms="1").start())
    assert "batch 0" in message and "'unreachable'" in message and nobody in message


def test_refused(spark, kafka, tmp_path):
    folder, topic = str(tmp_path), Topic(kafka)
    put(folder, "1", range(3))

    def refused(action):
        with pytest.raises(Exception) as failure:
            action()
        return str(failure.value)

    message = refused(lambda: writer(spark, folder, topic, sluice__delivery="twice").start())
    assert "must be 'at-least-once' or 'exactly-once', not 'twice'" in message
    batch = spark.range(1).selectExpr("'v' AS value").write.format("kafka").option("kafka.bootstrap.servers", kafka)
    assert "only for a stream" in refused(lambda: batch.option("topic", topic.name).option("sluice.delivery", "exactly-once").save())
    assert "sluice.delivery" in refused(writer(spark, folder, topic, sluice__delivery="at-least-once", kafka__transactional__id="a").start)
    assert "kafka.partitioner.class" in refused(writer(spark, folder, topic, kafka__partitioner__class="a").start)
    spark.conf.set("spark.sql.streaming.checkpointLocation", folder + "/root")
    unnamed = spark.readStream.format("rate").load().selectExpr("'v' AS value").writeStream.format("kafka").option("topic", topic.name)
    unnamed = unnamed.option("kafka.bootstrap.servers", kafka).option("sluice.delivery", "exactly-once")
    assert "set the option checkpointLocation" in refused(unnamed.start)
    spark.conf.unset("spark.sql.streaming.checkpointLocation")
