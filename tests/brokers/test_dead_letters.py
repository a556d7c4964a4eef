"""Records that a parser refuses leave the route and are found in the topic of dead letters, as they were."""
import json
import uuid

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from google.protobuf import descriptor_pb2
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro
from pyspark.sql.protobuf.functions import from_protobuf

from own_brokers import FIRST_TIME

SCHEMA = "id INT, amount DOUBLE, tags ARRAY<STRING>"
GOOD = [(b"k1", b'{"id": 1, "amount": 1.5}'), (b"k2", b'{"id": 2, "tags": ["a"]}'), (None, b'{}'), (b"k4", b'{"id": null, "more": [1]}')]
BAD = [(b"b1", b'{"id": 1'), (None, b"no json"), (b"b3", b'{"id": "x", "amount": 2}'), (b"b4", b'{"id": 3, "tags": "x"}'),
       (b"b5", b"\xff\x00"), (b"", b"[1, 2]")]
NOTHING = [(b"tombstone", None), (b"blank", b""), (b"spaces", b"  ")]  # from_json makes null of them


def letters(broker, topic, partition=0):
    """Key, value and headers of each record of a partition, in order, as readers of committed records see them."""
    consumer = Consumer({"bootstrap.servers": broker.address(), "group.id": topic, "isolation.level": "read_committed",
                         "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING)])
    found = []
    while not (record := consumer.poll(60)).error():
        found.append((record.key(), record.value(), {name: value.decode() for name, value in record.headers() or []}))
    assert record.error().code() == KafkaError._PARTITION_EOF, record.error()
    consumer.close()
    return found


class Route:
    """A topic with records, that of its dead letters, and a reader of the first."""

    def __init__(self, spark, broker, records, **options):
        self.broker, self.topic, self.dead = broker, broker.topic(), broker.topic()
        broker.send(self.topic, records)
        options = {"subscribe": self.topic, "startingOffsets": "earliest", "sluice.deadLetterTopic": self.dead,
                   **{name.replace("__", "."): value for name, value in options.items()}}
        self.source = spark.readStream.format("kafka").options(**broker.options()).options(**options).load()

    def run(self, frame, folder, mode="append"):
        """The rows that `frame` gives, and how many dead letters each batch reports."""
        name = f"rows_{uuid.uuid4().hex}"
        query = (frame.writeStream.format("memory").queryName(name).outputMode(mode).trigger(availableNow=True)
                 .option("checkpointLocation", str(folder / "checkpoint")).start())
        query.awaitTermination()
        counts = [int(progress.sources[0].metrics["deadLetters"]) for progress in query.recentProgress if progress.numInputRows]
        return [tuple(row) for row in frame.sparkSession.table(name).collect()], counts

    def letters(self):
        return letters(self.broker, self.dead)

    def dead_values(self):
        return [value for _, value, _ in self.letters()]


def parsed(frame, options=None, schema=SCHEMA):
    return frame.select(F.from_json(F.col("value").cast("string"), schema, options).alias("o"), "offset")


MIXED = [record for pair in zip(GOOD + NOTHING, BAD + [(b"last", b"{")]) for record in pair]
REFUSED = BAD + [(b"last", b"{")]


@pytest.mark.parametrize("options, schema", [(None, SCHEMA), ({"mode": "FAILFAST"}, SCHEMA), (None, SCHEMA + ", _corrupt_record STRING")],
                         ids=["permissive", "failfast", "corrupt column"])
def test_json(spark, broker, tmp_path, options, schema):
    route = Route(spark, broker, MIXED)
    rows, counts = route.run(parsed(route.source, options, schema).select("offset", "o.id", "o.amount"), tmp_path)
    assert sorted(rows) == [(0, 1, 1.5), (2, 2, None), (4, None, None), (6, None, None), (8, None, None), (10, None, None), (12, None, None)]
    found = route.letters()
    assert [(key, value) for key, value, _ in found] == REFUSED
    for number, (_, _, headers) in enumerate(found):
        offset = 2 * number + 1
        assert headers.pop("sluice.error").startswith("MALFORMED_RECORD_IN_PARSING: from_json: ")
        assert headers == {"sluice.topic": route.topic, "sluice.partition": "0", "sluice.offset": str(offset),
                           "sluice.timestamp": str(FIRST_TIME + 1000 * offset)}
    errors = [headers["sluice.error"].split(": ", 2)[2] for _, _, headers in route.letters()]
    assert errors == ["the text is not JSON", "the text is not JSON", "the field `id` is not of type INT",
                      "the field `tags` is not of type ARRAY<STRING>", "the text is not JSON", "the document is no object",
                      "the text is not JSON"]
    assert counts == [7]


def test_csv_and_key(spark, broker, tmp_path):
    records = [(b"[1]", b"1,a"), (b"[]", b"x,a"), (b"[3]", b"1,a,b"), (b"{", b"2,b"), (b"{", b"y,c"), (b"[5]", None)]
    route = Route(spark, broker, records)
    frame = route.source.select(F.from_json(F.col("key").cast("string"), "ARRAY<INT>").alias("k"),
                                F.from_csv(F.col("value").cast("string"), "n INT, s STRING").alias("v"))
    rows, _ = route.run(frame.select("v.n", "v.s"), tmp_path)
    assert rows == [(1, "a"), (None, None)]
    assert [(key, value, headers["sluice.error"].split(": ", 1)[1]) for key, value, headers in route.letters()] == [
        (b"[]", b"x,a", "from_csv: the field `n` is not of type INT"), (b"[3]", b"1,a,b", "from_csv: the number of columns is not 2"),
        (b"{", b"2,b", "from_json: the document is no array"), (b"{", b"y,c", "from_json: the document is no array")]


def test_avro(spark, broker, tmp_path):
    route = Route(spark, broker, [(None, b"\x02\x02a"), (None, b"\x02"), (None, b""), (None, None), (None, b"\x04\x02b")])
    fields = [{"name": "id", "type": "int"}, {"name": "s", "type": "string"}]
    schema = json.dumps({"type": "record", "name": "r", "fields": fields})
    frame = route.source.select(from_avro("value", schema).alias("o")).select("o.*")
    assert route.run(frame, tmp_path)[0] == [(1, "a"), (None, None), (2, "b")]
    assert route.dead_values() == [b"\x02", b""]
    assert {headers["sluice.error"] for _, _, headers in route.letters()} == {
        "MALFORMED_RECORD_IN_PARSING: from_avro: the bytes are not a value of the schema"}


def test_protobuf(spark, broker, tmp_path):
    file = descriptor_pb2.FileDescriptorProto(name="m.proto", syntax="proto3")
    message = file.message_type.add(name="M")
    message.field.add(name="id", number=1, type=descriptor_pb2.FieldDescriptorProto.TYPE_INT32)
    message.field.add(name="s", number=2, type=descriptor_pb2.FieldDescriptorProto.TYPE_STRING)
    descriptors = descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString()
    route = Route(spark, broker, [(None, b"\x08\x01\x12\x01a"), (None, b"\x08"), (None, b"\x08\x02\x12\x01b")])
    frame = route.source.select(from_protobuf("value", "M", binaryDescriptorSet=descriptors).alias("o")).select("o.*")
    assert route.run(frame, tmp_path)[0] == [(1, "a"), (2, "b")]
    assert route.dead_values() == [b"\x08"]


def test_filters(spark, broker, tmp_path):
    """What the program filters out before it parses is no dead letter; what it filters after is one nevertheless."""
    route = Route(spark, broker, [(b"a", b"{"), (b"b", b"{"), (b"a", b'{"id": 1}'), (b"a", b'{"id": 2}'), (b"b", b'{"id": 3}')])
    frame = route.source.where("CAST(key AS STRING) = 'a'").withColumn("text", F.col("value").cast("string"))
    frame = frame.select(F.from_json("text", SCHEMA).alias("o")).select("o.*").where("id > 1")
    rows, _ = route.run(frame, tmp_path)
    assert rows == [(2, None, None)]
    assert route.letters()[0][:2] == (b"a", b"{") and len(route.letters()) == 1


def test_parsed_in_filters_and_branches(spark, broker, tmp_path):
    """A parser sees the records of its branch only."""
    records = [(b"j", b'{"id": 1}'), (b"j", b"7,8"), (b"c", b"7,8"), (b"c", b'{"id": 1}'), (b"?", b"{")]
    route = Route(spark, broker, records)
    frame = route.source.selectExpr("CAST(key AS STRING) k", "CAST(value AS STRING) v")
    as_json, as_csv = F.from_json("v", "id INT")["id"], F.from_csv("v", "a INT, b INT")["b"]
    frame = frame.where((F.col("k") != "j") | as_json.isNotNull())
    rows, _ = route.run(frame.select(F.when(F.col("k") == "j", as_json).when(F.col("k") == "c", as_csv).alias("n"), "k"), tmp_path)
    assert sorted(rows, key=str) == [(1, "j"), (8, "c"), (None, "?")]
    assert route.dead_values() == [b"7,8", b'{"id": 1}']


def test_parsed_twice(spark, broker, tmp_path):
    """A text inside of a document, parsed in its turn."""
    records = [(None, value.encode()) for value in ('{"p": "{\\"x\\": 1}"}', '{"p": "{\\"x\\":"}', '{"p"', '{"q": 1}')]
    route = Route(spark, broker, records)
    outer = F.from_json(F.col("value").cast("string"), "p STRING")
    rows, _ = route.run(route.source.select(F.from_json(outer["p"], "x INT", {"mode": "FAILFAST"})["x"]), tmp_path / "1")
    assert rows == [(1,), (None,)] and route.dead_values() == [records[1][1], records[2][1]]
    stacked = route.source.select(outer.alias("o")).select(F.from_json("o.p", "x INT").alias("i"), "o.p").select("i.x", "p")
    rows, _ = route.run(stacked, tmp_path / "2")
    assert [row[0] for row in rows] == [1, None] and route.dead_values()[2:] == [records[2][1], records[1][1]]


def test_aggregated(spark, broker, tmp_path):
    route = Route(spark, broker, MIXED, maxOffsetsPerTrigger="3")
    frame = parsed(route.source).select("o.*").where("id IS NOT NULL").groupBy("id").agg(F.count("*"), F.sum("amount"))
    rows, counts = route.run(frame, tmp_path, "complete")
    assert sorted(rows) == [(1, 1, 1.5), (2, 1, None)]
    assert route.dead_values() == [value for _, value in REFUSED]
    assert counts == [1, 2, 1, 2, 1]


def test_frame_read_twice(spark, broker, tmp_path):
    """A batch of a foreachBatch function that reads its frame more than once has each dead letter once."""
    route = Route(spark, broker, MIXED, includeHeaders="true")
    counts = str(tmp_path / "counts")

    def count(batch, _):
        with open(counts, "a") as file:
            print(batch.count(), batch.where("o.id = 1").count(), len(batch.limit(1).collect()), file=file)

    query = parsed(route.source).writeStream.foreachBatch(count).trigger(availableNow=True).start()
    query.awaitTermination()
    assert open(counts).read() == "7 1 1\n" and route.dead_values() == [value for _, value in REFUSED]


def test_headers_are_kept(spark, broker, tmp_path):
    route = Route(spark, broker, [(b"k", b"{", [("a", b"1"), ("a", b"2")])], includeHeaders="true")
    route.run(parsed(route.source), tmp_path)
    consumer = Consumer({"bootstrap.servers": broker.address(), "group.id": route.dead})
    consumer.assign([TopicPartition(route.dead, 0, OFFSET_BEGINNING)])
    headers = consumer.poll(60).headers()
    consumer.close()
    assert headers[:2] == [("a", b"1"), ("a", b"2")] and headers[2][0] == "sluice.topic"


@pytest.mark.parametrize("way", ["TLS", "SCRAM-SHA-256"])
def test_secured(spark, broker, tmp_path, way):
    """Dead letters go by the source's own way to the brokers; properties of consumers alone don't matter."""
    topic, dead = broker.topic(), broker.topic()
    broker.send(topic, MIXED)
    options = {**broker.options(way), "kafka.fetch.min.bytes": "1", "kafka.isolation.level": "read_committed"}
    source = (spark.readStream.format("kafka").options(**options).option("subscribe", topic).option("startingOffsets", "earliest")
              .option("sluice.deadLetterTopic", dead).load())
    parsed(source).writeStream.format("noop").trigger(availableNow=True).start().awaitTermination()
    assert [value for _, value, _ in letters(broker, dead)] == [value for _, value in REFUSED]


def test_large_record(spark, broker, tmp_path):
    large = b"[" * (3 << 20)
    route = Route(spark, broker, [])
    route.topic, route.dead = (broker.topic(max_message_bytes=str(8 << 20)) for _ in range(2))
    broker.send(route.topic, [(None, large)], message_max_bytes=8 << 20)
    source = (spark.readStream.format("kafka").options(**broker.options()).option("subscribe", route.topic)
              .option("startingOffsets", "earliest").option("sluice.deadLetterTopic", route.dead).load())
    route.run(parsed(source), tmp_path)
    assert route.dead_values() == [large]


def test_replay(spark, broker, tmp_path):
    """Dead letters are records like others: with a schema that fits they go back into the route."""
    route = Route(spark, broker, MIXED)
    route.run(parsed(route.source), tmp_path)
    dead = spark.read.format("kafka").options(**broker.options()).option("subscribe", route.dead).option("includeHeaders", "true").load()
    dead = dead.select("key", "value", F.map_from_entries("headers").alias("h"))
    mended = dead.select(F.get_json_object(F.col("value").cast("string"), "$.amount").alias("amount"),
                         F.col("h")["sluice.offset"].cast("string").cast("long").alias("offset")).where("amount IS NOT NULL")
    assert [tuple(row) for row in mended.collect()] == [("2", 5)]


def refused(action):
    with pytest.raises(Exception) as failure:
        action()
    return str(failure.value)


def test_refused(spark, broker, tmp_path):
    def start(frame):
        return lambda: frame.writeStream.format("noop").start()

    route = Route(spark, broker, GOOD)
    message = refused(start(route.source.selectExpr("CAST(value AS STRING)")))
    assert "sluice.deadLetterTopic" in message and "from_json" in message
    assert "sluice.deadLetterTopic" in refused(start(route.source.select(F.from_json("topic", "a INT"))))
    plain = spark.readStream.format("rate").load()
    late = route.source.select(F.col("value").cast("string")).union(plain.selectExpr("'{}' value"))
    assert "before joins, unions" in refused(start(late.select(F.from_json("value", "a INT"))))
    hidden = route.source.select(F.coalesce(F.lit(None).cast("struct<a:int>"), F.from_json(F.col("value").cast("string"), "a INT")))
    assert "coalesce" in refused(start(hidden))
    options = {**broker.options(), "subscribe": route.topic}
    for name in ("", "  "):
        assert "must name a topic" in refused(
            lambda: spark.readStream.format("kafka").options(**options).option("sluice.deadLetterTopic", name).load().schema)
    for strategy in ({"subscribe": f"a,{route.topic}"}, {"subscribePattern": "topic-.*"}, {"assign": json.dumps({route.topic: [0]})}):
        reader = spark.readStream.format("kafka").options(**broker.options()).options(**strategy).option("sluice.deadLetterTopic", route.topic)
        assert "which the query itself reads" in refused(lambda: reader.load().schema)
    assert "only for a stream" in refused(
        lambda: spark.read.format("kafka").options(**options).option("sluice.deadLetterTopic", route.dead).load().schema)
    sink = plain.selectExpr("'v' value").writeStream.format("kafka").options(**options, topic=route.dead)
    sink = sink.option("checkpointLocation", tmp_path / "sink").option("sluice.deadLetterTopic", route.dead)
    assert "one of the source" in refused(sink.start)
    assert route.letters() == []


def test_topic_that_takes_nothing(spark, broker, tmp_path):
    """Dead letters that the brokers refuse end the query; its batch is not committed, and runs again."""
    small = broker.topic(max_message_bytes="200")
    route = Route(spark, broker, [(None, b"{" * 1000), (None, b"{}")], sluice__deadLetterTopic=small)
    message = refused(lambda: route.run(parsed(route.source), tmp_path))
    assert "did not take a record of batch 0 (dead letters)" in message and small in message
    assert not (tmp_path / "checkpoint/commits/0").exists()
