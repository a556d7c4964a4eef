"""from_protobuf and to_protobuf beside Python's protobuf library: what it wrote is read, and what was written it reads.

Spark's functions are of a module of its own; its rules of what is null, which types there are and what is an error are
written down here by hand.
"""
import datetime
import json
import random
import subprocess

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from pyspark.sql.protobuf.functions import from_protobuf, to_protobuf

PROTO = """
syntax = "proto3";
package shop;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum Level { LOW = 0; MID = 1; HIGH = 5; }
message Item { string name = 1; int32 count = 2; repeated string tags = 3; }
message Empty {}
message Node { int32 value = 1; Node next = 2; repeated Node more = 3; }
message Order {
  int32 i32 = 1; int64 i64 = 2; uint32 u32 = 3; uint64 u64 = 4; sint32 s32 = 5; sint64 s64 = 6;
  fixed32 f32 = 7; fixed64 f64 = 8; sfixed32 sf32 = 9; sfixed64 sf64 = 10; float fl = 11; double db = 12; bool flag = 13;
  string text = 14; bytes raw = 15; Level level = 16; Item item = 17; optional int32 maybe = 18; optional string note = 19;
  repeated int32 numbers = 20; repeated double doubles = 21 [packed = false]; repeated string texts = 22;
  repeated Item items = 23; map<string, int32> counts = 24; map<int64, Item> stock = 25; repeated Level levels = 26;
  oneof choice { string this = 27; int64 that = 28; Item other = 29; }
  google.protobuf.Timestamp at = 30; google.protobuf.Duration took = 31; google.protobuf.Int32Value wrapped = 32;
  google.protobuf.StringValue wrapped_text = 33; google.protobuf.UInt64Value wrapped_big = 34; Empty empty = 500;
}
message Envelope { string kind = 1; google.protobuf.Any details = 2; repeated google.protobuf.Any all = 3; }
"""
OLD = """
syntax = "proto2";
package old;
enum Mark { A = 1; B = 2; }
message Thing { required int32 id = 1; optional string name = 2 [default = "none"]; optional sint64 n = 3 [default = -7];
                optional Mark mark = 4; repeated Mark marks = 5; optional group Part = 6 { optional int32 x = 1; } }
"""


def describe(folder, name, text):
    """The descriptor set of a file with what it imports, as bytes."""
    (folder / name).write_text(text, encoding="utf-8")
    target = folder / (name + ".desc")
    subprocess.run(["protoc", "--include_imports", f"-I{folder}", f"--descriptor_set_out={target}", name], check=True)
    return target.read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("protobuf")


@pytest.fixture(scope="module")
def shop(folder):
    return describe(folder, "shop.proto", PROTO)


@pytest.fixture(scope="module")
def old(folder):
    return describe(folder, "old.proto", OLD)


def message_class(descriptors, name):
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name)), pool


def decode(spark, values, name, descriptors, options=None):
    frame = spark.createDataFrame([(index, value) for index, value in enumerate(values)], "id INT, value BINARY").coalesce(1)
    decoded = frame.select("id", from_protobuf("value", name, options=options, binaryDescriptorSet=descriptors).alias("m"))
    return [row.m for row in sorted(decoded.collect(), key=lambda row: row.id)]


def random_text(rng):
    return "".join(rng.choice("abcü漢🙂 ") for _ in range(rng.randrange(6)))


def random_item(rng, item):
    item.SetInParent()
    if rng.random() < 0.7:
        item.name = random_text(rng)
    if rng.random() < 0.5:
        item.count = rng.choice([0, -1, 300])
    item.tags.extend(random_text(rng) for _ in range(rng.randrange(3)))


def random_order(rng, order):
    for name, values in {"i32": [0, -1, 2**31 - 1], "i64": [0, -2**63, 77], "u32": [0, 2**32 - 1], "u64": [0, 2**64 - 1],
                         "s32": [0, -2**31, 5], "s64": [-1, 2**63 - 1], "f32": [1, 2**32 - 1], "f64": [3, 2**64 - 1],
                         "sf32": [-3, 0], "sf64": [-4, 4], "fl": [1.5, 0.0, -2.0], "db": [0.1, -1e300], "flag": [True, False],
                         "text": ["", "x", "ü🙂"], "raw": [b"", b"\0\xff"], "level": [0, 1, 5, 9], "maybe": [0, 4],
                         "note": ["", "n"]}.items():
        if rng.random() < 0.6:
            setattr(order, name, rng.choice(values))
    order.numbers.extend(rng.choice([0, -5, 300]) for _ in range(rng.randrange(4)))
    order.doubles.extend(rng.random() for _ in range(rng.randrange(3)))
    order.texts.extend(random_text(rng) for _ in range(rng.randrange(3)))
    order.levels.extend(rng.choice([0, 1, 5, 7]) for _ in range(rng.randrange(3)))
    for _ in range(rng.randrange(3)):
        random_item(rng, order.items.add())
        order.counts[random_text(rng)] = rng.choice([0, 9])
        random_item(rng, order.stock[rng.choice([0, -1, 5])])
    for name in ("item", "other"):
        if rng.random() < 0.4:
            random_item(rng, getattr(order, name))
    if rng.random() < 0.4:
        rng.choice([lambda: setattr(order, "this", "t"), lambda: setattr(order, "that", 0)])()
    if rng.random() < 0.6:
        order.at.seconds, order.at.nanos = rng.choice([(0, 0), (1700000000, 123456789), (-5, 999000000)])
    if rng.random() < 0.6:
        order.took.seconds, order.took.nanos = rng.choice([(3600, 5000000), (-1, -500000000)])
    if rng.random() < 0.6:
        order.wrapped.value, order.wrapped_text.value = rng.choice([0, 8]), rng.choice(["", "w"])
    if rng.random() < 0.6:
        order.wrapped_big.value = rng.choice([0, 2**64 - 1])


def wrap_around(number, bits):
    return (number + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


class Rules:
    """Spark's rules of what a message becomes."""

    def __init__(self, emit=False, ints=False, unwrap=False, upcast=False):
        self.emit, self.ints, self.unwrap, self.upcast = emit, ints, unwrap, upcast

    def single(self, field, value):
        if field.type == field.TYPE_MESSAGE:
            kind = field.message_type
            if kind.name == "Timestamp":
                return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
            if kind.name == "Duration":
                return datetime.timedelta(seconds=value.seconds, microseconds=int(value.nanos / 1000))
            if self.unwrap and kind.file.name == "google/protobuf/wrappers.proto":
                return self.value(value, kind.fields[0])
            return self.message(value)
        if field.type == field.TYPE_ENUM:
            known = field.enum_type.values_by_number.get(value)
            return value if self.ints else known.name if known else f"UNKNOWN_ENUM_VALUE_{field.enum_type.name}_{value}"
        if field.type in (field.TYPE_UINT32, field.TYPE_FIXED32):
            return value if self.upcast and field.type == field.TYPE_UINT32 else wrap_around(value, 32)
        if field.type in (field.TYPE_UINT64, field.TYPE_FIXED64):
            return value if self.upcast and field.type == field.TYPE_UINT64 else wrap_around(value, 64)
        return bytearray(value) if field.type == field.TYPE_BYTES else value

    def value(self, message, field):
        value = getattr(message, field.name)
        if field.is_repeated:
            entry = field.message_type if field.type == field.TYPE_MESSAGE else None
            if entry is not None and entry.GetOptions().map_entry:
                part = entry.fields_by_name["value"]
                return {key: self.single(part, value[key]) for key in value}
            return [self.single(field, each) for each in value]
        if field.has_presence:
            return self.single(field, value) if message.HasField(field.name) else None
        present = field in [given for given, _ in message.ListFields()]
        return self.single(field, value) if present or self.emit else None

    def message(self, message):
        return {field.name: self.value(message, field) for field in message.DESCRIPTOR.fields
                if not (field.type == field.TYPE_MESSAGE and not field.message_type.fields)}


def plain(value):
    if hasattr(value, "asDict"):
        return {name: plain(each) for name, each in value.asDict(recursive=False).items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return bytearray(value) if isinstance(value, bytes) else value


OPTIONS = [({}, {}), ({"emit.default.values": "true"}, {"emit": True}), ({"enums.as.ints": "true"}, {"ints": True}),
           ({"unwrap.primitive.wrapper.types": "true", "upcast.unsigned.ints": "true"}, {"unwrap": True, "upcast": True}),
           ({"unwrap.primitive.wrapper.types": "true", "emit.default.values": "TRUE", "enums.as.ints": "true"},
            {"unwrap": True, "emit": True, "ints": True})]


@pytest.mark.parametrize("options,rules", OPTIONS)
def test_messages_of_all_types(spark, shop, options, rules):
    order_class, _ = message_class(shop, "shop.Order")
    rng = random.Random(7)
    orders = [order_class() for _ in range(300)]
    for order in orders[1:]:
        random_order(rng, order)
    rows = decode(spark, [order.SerializeToString() for order in orders], "Order", shop, options)
    for order, row in zip(orders, rows):
        assert plain(row) == Rules(**rules).message(order)


@pytest.mark.parametrize("options", [{}, {"unwrap.primitive.wrapper.types": "true", "upcast.unsigned.ints": "true"},
                                     {"enums.as.ints": "true"}])
def test_what_is_written_is_read_by_others(spark, shop, options):
    order_class, _ = message_class(shop, "shop.Order")
    rng = random.Random(11)
    orders = [order_class() for _ in range(200)]
    for order in orders[1:]:
        random_order(rng, order)
        order.level = rng.choice([0, 1, 5])
        order.levels[:] = [5]
        order.at.seconds, order.at.nanos = abs(order.at.seconds), order.at.nanos // 1000000 * 1000000  # Spark writes milliseconds
    frame = spark.createDataFrame([(index, order.SerializeToString()) for index, order in enumerate(orders)], "id INT, v BINARY")
    read = from_protobuf("v", "shop.Order", options=options, binaryDescriptorSet=shop)
    with pytest.raises(PySparkException) as error:  # the field whose message has no fields is not read, but asked for
        frame.select(to_protobuf(read, "shop.Order", options=options, binaryDescriptorSet=shop)).collect()
    assert error.value.getCondition() == "UNABLE_TO_CONVERT_TO_PROTOBUF_MESSAGE_TYPE"
    trimmed = describe_without_empty(shop)
    read = from_protobuf("v", "shop.Order", options=options, binaryDescriptorSet=trimmed)
    both = frame.select("id", to_protobuf(read, "shop.Order", options=options, binaryDescriptorSet=trimmed).alias("w"))
    for row in both.collect():
        written = order_class.FromString(row.w)
        wanted = order_class()
        wanted.CopyFrom(orders[row.id])
        if "unwrap.primitive.wrapper.types" in options:  # a wrapper of zero is read as null
            for name in ("wrapped", "wrapped_text", "wrapped_big"):
                if wanted.HasField(name) and not getattr(wanted, name).value:
                    wanted.ClearField(name)
        assert written == wanted


def describe_without_empty(descriptors):
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptors)
    for file in files.file:
        for message in file.message_type:
            kept = [field for field in message.field if field.name != "empty"]
            del message.field[:]
            message.field.extend(kept)
    return files.SerializeToString()


def test_parts_of_one_message_are_merged(spark, shop):
    order_class, _ = message_class(shop, "shop.Order")
    first, second = order_class(i32=1, numbers=[1, 2], that=5), order_class(i32=2, numbers=[3], text="t")
    first.item.name, second.item.count = "n", 4
    second.other.name = "wins"
    joined = first.SerializeToString() + second.SerializeToString()
    row = decode(spark, [joined], "Order", shop)[0]
    assert plain(row) == Rules().message(order_class.FromString(joined))
    # Packed numbers may come one by one, and the other way round.
    loose = bytes.fromhex("a00105a201020607") + bytes.fromhex("a9010000000000000040")
    assert decode(spark, [loose], "Order", shop)[0].numbers == [5, 6, 7]
    packed = bytes.fromhex("aa0110") + b"\0" * 6 + b"\xf0?" + b"\0" * 7 + b"@"
    assert decode(spark, [packed], "Order", shop)[0].doubles == [1.0, 2.0]


def test_old_syntax(spark, old):
    thing_class, _ = message_class(old, "old.Thing")
    thing = thing_class(id=3, marks=[1, 2])
    thing.part.x = 9
    row = decode(spark, [thing.SerializeToString(), thing_class(id=0, name="", n=5, mark=2).SerializeToString()], "Thing", old)
    assert plain(row[0]) == {"id": 3, "name": "none", "n": -7, "mark": None, "marks": ["A", "B"], "part": {"x": 9}}
    assert plain(row[1]) == {"id": 0, "name": "", "n": 5, "mark": "B", "marks": [], "part": None}
    bad = [b"", b"\x08\x01\x20\x07", b"\x08\x01\x28\x07", b"\x08\x01\x33\x08\x01"]
    assert decode(spark, bad, "Thing", old, {"mode": "PERMISSIVE"}) == [None] * 4


def test_messages_within_themselves(spark, shop):
    node_class, _ = message_class(shop, "shop.Node")
    node = node_class(value=1, next={"value": 2, "next": {"value": 3}}, more=[{"value": 4}])
    data = [node.SerializeToString()]
    with pytest.raises(PySparkException) as error:
        decode(spark, data, "Node", shop)
    assert error.value.getCondition() == "RECURSIVE_PROTOBUF_SCHEMA"
    assert plain(decode(spark, data, "Node", shop, {"recursive.fields.max.depth": "1"})[0]) == {"value": 1}
    assert plain(decode(spark, data, "Node", shop, {"recursive.fields.max.depth": "2"})[0]) == {
        "value": 1, "next": {"value": 2}, "more": [{"value": 4}]}


def test_any_as_json_and_empty_messages(spark, shop):
    envelope_class, pool = message_class(shop, "shop.Envelope")
    item_class = message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Item"))
    envelope = envelope_class(kind="k")
    envelope.details.Pack(item_class(name="n", count=3))
    envelope.all.add().Pack(item_class(tags=["a"]))
    row = decode(spark, [envelope.SerializeToString()], "Envelope", shop, {"convert.any.fields.to.json": "true"})[0]
    wanted = json_format.MessageToDict(envelope, preserving_proto_field_name=True, descriptor_pool=pool)
    assert json.loads(row.details) == wanted["details"] and json.loads(row["all"][0]) == wanted["all"][0]
    kept = decode(spark, [b"\xa2\x1f\x00"], "Order", shop, {"retain.empty.message.types": "true"})[0]
    assert plain(kept.empty) == {"__dummy_field_in_empty_struct": None}


def test_malformed_messages(spark, shop):
    order_class, _ = message_class(shop, "shop.Order")
    order = order_class()
    random_order(random.Random(1), order)
    good = order.SerializeToString()
    bad = [good[:-1], b"\x00", b"\x0b", b"\x0c", b"\x08", b"\x72\x05ab", b"\x72\x01\xff", b"\x0a\x00", b"\x07", b"\xff" * 11]
    assert decode(spark, bad, "Order", shop, {"mode": "PERMISSIVE"}) == [None] * len(bad)
    with pytest.raises(PySparkException) as error:
        decode(spark, bad, "Order", shop)
    assert error.value.getCondition() == "MALFORMED_PROTOBUF_MESSAGE"
    rng = random.Random(3)
    for _ in range(20):
        damaged = bytearray(good)
        for _ in range(rng.randrange(1, 6)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        decode(spark, [bytes(damaged)] * 3, "Order", shop, {"mode": "PERMISSIVE"})


def test_descriptors_and_options_that_are_refused(spark, shop, folder):
    data = spark.createDataFrame([(b"", 1)], "v BINARY, n INT")

    def condition(column):
        with pytest.raises(PySparkException) as error:
            data.select(column).collect()
        return error.value.getCondition()

    assert condition(from_protobuf("v", "Nope", binaryDescriptorSet=shop)) == "PROTOBUF_MESSAGE_NOT_FOUND"
    assert condition(from_protobuf("v", "Order", binaryDescriptorSet=b"\x0a\xff")) == "CANNOT_PARSE_PROTOBUF_DESCRIPTOR"
    alone = descriptor_pb2.FileDescriptorSet.FromString(shop)
    del alone.file[:-1]
    incomplete = from_protobuf("v", "Order", binaryDescriptorSet=alone.SerializeToString())
    assert condition(incomplete) == "PROTOBUF_DEPENDENCY_NOT_FOUND"
    for options, refusal in [({"mode": "DROPMALFORMED"}, "PARSE_MODE_UNSUPPORTED"),
                             ({"wibble": "1"}, "UNSUPPORTED_FEATURE.NOT_IN_SLUICE")]:
        assert condition(from_protobuf("v", "Order", binaryDescriptorSet=shop, options=options)) == refusal
    assert condition(from_protobuf("v", "com.example.Order")) == "CANNOT_LOAD_PROTOBUF_CLASS"
    assert condition(F.expr("from_protobuf(v, 'Order', '/no/such/file')")) == "PROTOBUF_DESCRIPTOR_FILE_NOT_FOUND"
    no_constant = F.expr("from_protobuf(v, concat('a', CAST(n AS STRING)), X'00')")
    assert condition(no_constant) == "DATATYPE_MISMATCH.TYPE_CHECK_FAILURE_WITH_HINT"
    no_text = to_protobuf(F.struct(F.lit(1).alias("name")), "Item", binaryDescriptorSet=shop)
    assert condition(no_text) == "UNABLE_TO_CONVERT_TO_PROTOBUF_MESSAGE_TYPE"
    named = F.expr(f"from_protobuf(v, 'Item', '{folder}/shop.proto.desc')")
    assert data.select(named).columns == [f"from_protobuf(v, Item, {folder}/shop.proto.desc, NULL)"]
    assert plain(data.select(named).collect()[0][0]) == {"name": None, "count": None, "tags": []}
