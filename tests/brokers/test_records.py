"""What lies in topics is the same through the engine's own fetching (PLAINTEXT) and the client library's (SASL)."""
import json

import pytest
from confluent_kafka import Consumer
from pyspark.sql import functions as F

from own_brokers import FIRST_TIME
from waiting import wait_for

PATHS = ("PLAINTEXT", "PLAIN")
MEGABYTES = 10
LARGE = b"sluice" * (MEGABYTES * 1024 * 1024 // 6)


def reader(read, broker, topic, way, **options):
    options = {"subscribe": topic, "startingOffsets": "earliest", "includeHeaders": "true", **options}
    return read.format("kafka").options(**broker.options(way)).options(**options).load()


def rows(frame):
    """Offset, key, value, timestamp and headers of each record, in order."""
    columns = ["partition", "offset", "key", "value", "unix_millis(timestamp) AS time", "timestampType", "headers"]
    found = frame.selectExpr(*columns).collect()
    return sorted((row.partition, row.offset, row.key and bytes(row.key), None if row.value is None else bytes(row.value), row.time,
                   row.timestampType, row.headers and [(name, value and bytes(value)) for name, value in row.headers])
                  for row in found)


def both(spark, broker, topic, **options):
    """What both ways read, which must be the same."""
    ours, library = (rows(reader(spark.read, broker, topic, way, **options)) for way in PATHS)
    assert len(ours) == len(library)
    assert ours == library
    return ours


def streamed(spark, broker, topic, way, folder, **options):
    """The same records in micro-batches, and how many those are."""
    frame = reader(spark.readStream, broker, topic, way, **options)
    query = (frame.writeStream.format("parquet").option("checkpointLocation", folder / f"checkpoint-{way}")
             .trigger(availableNow=True).start(str(folder / way)))
    query.awaitTermination()
    return rows(spark.read.parquet(str(folder / way))), query.lastProgress["batchId"] + 1


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_codecs(spark, broker, codec):
    records = [(f"key {n % 50}".encode(), json.dumps({"number": n, "text": "x" * (n % 97)}).encode()) for n in range(4000)]
    by_client = broker.topic()
    broker.send(by_client, records, compression_type=codec, linger_ms=200)
    by_java = broker.topic(compression_type=codec)  # the broker packs again, with Java's codec
    broker.send(by_java, records, linger_ms=200)
    wanted = [(0, n, key, value, FIRST_TIME + 1000 * n, 0, None) for n, (key, value) in enumerate(records)]
    assert both(spark, broker, by_client) == wanted
    assert both(spark, broker, by_java) == wanted


def test_shapes(spark, broker):
    """Large, empty and missing keys and values, and headers; as the library writes them and as the sink does."""
    headers = [("a", b"1"), ("a", b"2"), ("empty", b""), ("none", None), ("\u00fc\u4e2d", b"\xff")]
    records = [(b"k", LARGE), (b"k", b""), (b"", b"v"), (None, b"v"), (b"k", None), (None, None), (b"h", b"v", headers)]
    topic, copy = (broker.topic(max_message_bytes=str(2 * len(LARGE))) for _ in range(2))
    broker.send(topic, records, message_max_bytes=2 * len(LARGE))
    found = both(spark, broker, topic)
    assert [(row[2], row[3], row[6]) for row in found] == [(*record[:2], record[2] if record[2:] else None) for record in records]
    written = reader(spark.read, broker, topic, "PLAINTEXT").coalesce(1).select("key", "value", "headers")
    written.write.format("kafka").options(**broker.options("PLAIN", max__request__size=str(2 * len(LARGE)))).option("topic", copy).save()
    assert [row[2:4] + row[6:] for row in both(spark, broker, copy)] == [row[2:4] + row[6:] for row in found]


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_times_of_the_broker(spark, broker, codec):
    topic = broker.topic(message_timestamp_type="LogAppendTime")
    broker.send(topic, [(None, b"%d" % n) for n in range(20)], compression_type=codec, linger_ms=200)
    found = both(spark, broker, topic)
    assert {row[5] for row in found} == {1} and min(row[4] for row in found) > FIRST_TIME + 10**9 and len(found) == 20


def test_refused_for_its_size(spark, broker):
    rows = spark.range(1).select(F.repeat(F.lit("x"), 3 << 20).alias("value"))
    with pytest.raises(Exception, match="(?s)did not take a record for topic '.*too large"):
        rows.write.format("kafka").options(**broker.options(max__request__size=str(4 << 20))).option("topic", broker.topic()).save()


def count_stored(broker, topic):
    consumer = Consumer({"bootstrap.servers": broker.address(), "group.id": topic, "auto.offset.reset": "earliest",
                         "enable.partition.eof": True})
    consumer.subscribe([topic])
    count = 0
    while not (message := consumer.poll(60)).error():
        count += 1
    consumer.close()
    return count


def test_compacted(spark, broker, tmp_path):
    """Batches within gaps, at the start of one, and whole batches that have gone."""
    topic = broker.topic(cleanup_policy="compact", segment_ms="100", min_cleanable_dirty_ratio="0.001", max_compaction_lag_ms="100")
    rounds, keys = 12, 10
    for number in range(rounds):
        broker.send(topic, [(b"key %d" % (n % keys), b"%d" % number) for n in range(keys if number % 3 else keys - 3)], first=100 * number)
    broker.send(topic, [(b"last", b"")], first=100 * rounds)
    wait_for(lambda: count_stored(broker, topic) == keys + 1, "the topic was not compacted")
    found = both(spark, broker, topic)
    last = {row[2]: row[3] for row in found}
    assert last == {b"last": b"", **{b"key %d" % n: b"%d" % (rounds - 1) for n in range(keys)}}
    gap = next(after[1] for before, after in zip([(0, -1)] + found, found) if after[1] > before[1] + 2) - 1
    for bounds in ({"endingOffsets": gap}, {"startingOffsets": gap}):
        bounds = {name: json.dumps({topic: {"0": offset}}) for name, offset in bounds.items()}
        expected = [row for row in found if row[1] < gap] if "endingOffsets" in bounds else [row for row in found if row[1] >= gap]
        assert both(spark, broker, topic, **bounds) == expected
    for way in PATHS:
        got, batches = streamed(spark, broker, topic, way, tmp_path, maxOffsetsPerTrigger="7")
        assert got == found and batches > 5


def test_transactions(spark, broker, tmp_path):
    """Three producers whose transactions interleave; some are aborted, one stays open."""
    topic = broker.topic()
    producers = {name: broker.producer(transactional_id=f"{topic}-{name}") for name in "abc"}
    for producer in producers.values():
        producer.init_transactions(60)
    plain, kept, everything = broker.producer(), [], []

    def write(producer, value, count=3):
        for n in range(count):
            producer.produce(topic, f"{value} {n}".encode(), partition=0)
            everything.append(f"{value} {n}".encode())
        producer.flush(60)
        return everything[-count:]

    for number in range(6):
        inside = {}
        for name, producer in producers.items():
            producer.begin_transaction()
            inside[name] = write(producer, f"{name}{number}")
        kept += write(plain, f"plain {number}", 1)
        for name, producer in reversed(producers.items()):
            inside[name] += write(producer, f"{name}{number} more", 2)
            if (number + ord(name)) % 3 == 0:
                producer.abort_transaction(60)
            else:
                producer.commit_transaction(60)
                kept += inside[name]
    committed = {"kafka.isolation.level": "read_committed"}
    assert [row[3] for row in both(spark, broker, topic)] == everything
    found = both(spark, broker, topic, **committed)
    assert [row[3] for row in found] == [value for value in everything if value in set(kept)]
    for way in PATHS:
        assert streamed(spark, broker, topic, way, tmp_path, maxOffsetsPerTrigger="9", **committed)[0] == found
    producers["a"].begin_transaction()
    write(producers["a"], "open")
    kept += write(plain, "behind it", 1)
    assert both(spark, broker, topic, **committed) == found
    producers["a"].abort_transaction(60)
    assert [row[3] for row in both(spark, broker, topic, **committed)][-1] == kept[-1]
