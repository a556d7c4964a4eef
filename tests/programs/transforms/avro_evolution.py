"""from_avro with an evolved schema: defaults, aliases, promotions, dropped fields, other enums, unions on either side."""
import json

from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro, to_avro

import scene

spark = scene.session()


def record(name, *fields, **more):
    named = [dict(zip(("name", "type", "default", "aliases"), field)) for field in fields]
    return {"type": "record", "name": name, "fields": named, **more}


WRITER = record("User", ("id", "int"), ("name", "string"), ("old", {"type": "array", "items": {"type": "map", "values": "bytes"}}),
                ("level", {"type": "enum", "name": "Level", "symbols": ["LOW", "MID", "HIGH"]}),
                ("home", record("Home", ("zip", "string"), ("floor", "int"))))
users = spark.createDataFrame(
    [(1, "ada", [{"k": b"1", "l": b"22"}], "LOW", ("10115", 3)), (2, "bob", [], "HIGH", ("20095", -1))],
    "id INT, name STRING, old ARRAY<MAP<STRING, BINARY>>, level STRING, home STRUCT<zip: STRING, floor: INT>")
encoded = users.select(to_avro(F.struct("*"), json.dumps(WRITER)).alias("value"))

READERS = {
    "the same": WRITER,
    "fewer fields in another order": record("User", ("name", "string"), ("id", "int")),
    "promotions": record("User", ("id", "double"), ("name", "bytes"), ("home", record("Home", ("floor", "long")))),
    "to float": record("User", ("id", "float")),
    "defaults": record("User", ("id", "long"), ("mail", ["null", "string"], None), ("points", "int", 7),
                       ("tags", {"type": "array", "items": "string"}, ["a", "b"]), ("raw", "bytes", "ÿ"),
                       ("at", {"type": "long", "logicalType": "timestamp-millis"}, 1000),
                       ("more", record("More", ("x", "int", 1), ("y", "double")), {"y": 2.5})),
    "nullable now": record("User", ("id", ["null", "int"]), ("name", ["string", "null"])),
    "aliases": {**record("Person", ("number", "long", 0, ["id"]), ("called", "string", "", ["name"])), "aliases": ["User"]},
    "another enum with a default": record("User", ("level", {"type": "enum", "name": "Level", "symbols": ["LOW", "OTHER"],
                                                              "default": "OTHER"})),
    "another enum without": record("User", ("level", {"type": "enum", "name": "Level", "symbols": ["LOW"]})),
    "a field that is missing": record("User", ("id", "int"), ("nowhere", "string")),
    "a type that does not fit": record("User", ("id", "string")),
    "a default that does not fit": record("User", ("id", "int"), ("points", "int", "many")),
    "into a union": record("User", ("id", ["string", "long"]), ("name", ["int", "bytes"])),
    "another name": record("Else", ("id", "int")),
}
for title, reader in READERS.items():
    options = {"mode": "PERMISSIVE", "avroSchema": json.dumps(reader)}
    frame = encoded.select(from_avro("value", json.dumps(WRITER), options).alias("u"))
    print(frame.schema.simpleString())
    scene.rows(title, frame)

UNION = '{"type":"record","name":"R","fields":[{"name":"v","type":["int","string","null"]}]}'
for hexes in ("000E", "0204", "02026F", "04"):
    for reader in ('"int"', '["null","long"]', '"string"', '["string","int"]'):
        evolved = f'{{"type":"record","name":"R","fields":[{{"name":"v","type":{reader}}}]}}'
        options = {"mode": "PERMISSIVE", "avroSchema": evolved}
        frame = spark.range(1).select(from_avro(F.unhex(F.lit(hexes)), UNION, options).alias("r"))
        scene.rows(f"{hexes} as {reader}", frame)
