"""from_avro and to_avro of every type, in a stream and in SQL: bytes, schemas of results, unions, recursion."""
import json

from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro, to_avro

import scene

spark = scene.session()
scene.put("in/1.json", "\n".join(json.dumps(row) for row in [
    {"id": 1, "who": "Magda", "price": 12.5, "tags": ["new", "red"], "at": "2024-03-01T10:00:00.123456Z", "day": "2024-03-01"},
    {"id": 2, "who": None, "price": -0.25, "tags": [], "at": "1969-12-31T23:59:59.999999Z", "day": "1582-10-15"},
    {"id": 3, "who": "Zoë 🙂", "price": 1e300, "tags": [None, ""], "at": "2100-01-01T00:00:00Z", "day": None}]) + "\n")
stream = spark.readStream.schema("id INT, who STRING, price DOUBLE, tags ARRAY<STRING>, at TIMESTAMP, day DATE").json(
    scene.path("in"))
SCHEMA = json.dumps({"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "id", "type": ["null", "int"]}, {"name": "who", "type": ["null", "string"]},
    {"name": "price", "type": ["double", "null"]},
    {"name": "tags", "type": ["null", {"type": "array", "items": ["null", "string"]}]},
    {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]},
    {"name": "day", "type": ["null", {"type": "int", "logicalType": "date"}]}]})
encoded = stream.select(to_avro(F.struct("*"), SCHEMA).alias("value"), F.hex(to_avro(F.struct("id", "who"))).alias("short"))
decoded = encoded.select("short", from_avro("value", SCHEMA).alias("order")).select("short", "order.*")
decoded.printSchema()
scene.now(decoded.writeStream.format("memory").queryName("decoded"))
scene.rows("through Avro and back", spark.table("decoded"))

values = spark.range(1)
for value in ["true", "1Y", "-2S", "3", "-4L", "1.5F", "-2.5D", "'text'", "X'00FF'", "1.25BD", "CAST(-1 AS DECIMAL(38, 10))",
              "DATE'1969-12-31'", "TIMESTAMP'2024-01-01 00:00:00.000001'", "TIMESTAMP_NTZ'1960-01-01 00:00:00'",
              "INTERVAL '1-2' YEAR TO MONTH", "INTERVAL '1 02:03:04' DAY TO SECOND", "array(1, NULL)", "map('k', array(1L))",
              "named_struct('a', 1, 'b', named_struct('c', CAST(NULL AS STRING)))",
              "map('b', 1, 'a', 2, 'zebra', 3, 'Aa', 5, 'BB', 6)",
              "NULL", "CAST(NULL AS STRING)", "array()"]:
    scene.rows(value, values.selectExpr(f"hex(to_avro({value})) AS avro"))

MEMBERS = '{"type":"record","name":"R","fields":[{"name":"u","type":["null","int","string",' \
          '{"type":"enum","name":"E","symbols":["A","B"]}]}]}'
NODE = '{"type":"record","name":"N","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","N"]}]}'
for hexes, schema, options in [
        ("0206616263", MEMBERS, {"mode": "PERMISSIVE"}), ("0406616263", MEMBERS, {}), ("020E", MEMBERS, {}), ("00", MEMBERS, {}),
        ("0602", MEMBERS, {"enableStableIdentifiersForUnionType": "true"}),
        ("020E", MEMBERS, {"enableStableIdentifiersForUnionType": "true", "stableIdentifierPrefixForUnionType": "of_"}),
        ("02020402060208020A00", NODE, {"recursiveFieldMaxDepth": "1"}),
        ("02020402060208020A00", NODE, {"recursiveFieldMaxDepth": "3"}), ("000E", '["int","long"]', {}),
        ("020000C03F", '["double","float"]', {}), ("0E", '{"type":"long","logicalType":"time-millis"}', {}),
        ("04616214", '{"type":"string","logicalType":"uuid"}', {}), ("02", '{"type":"enum","name":"E","symbols":["A","B"]}', {}),
        ("0102", '{"type":"fixed","name":"F","size":2}', {}),
        ("FF85", '{"type":"fixed","name":"F","size":2,"logicalType":"decimal","precision":4,"scale":1}', {}),
        ("0403E8", '{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}', {}),
        ("02", '{"type":"long","logicalType":"timestamp-millis"}', {}),
        ("01", '{"type":"long","logicalType":"local-timestamp-micros"}', {}),
        ("0A0A7A65627261060441610A0442420C02610402620200", '{"type":"map","values":"int"}', {"mode": "PERMISSIVE"}),
        ("0602610202620402610600", '{"type":"map","values":"int"}', {}),
        ("0304020401020600", '{"type":"array","items":"int"}', {})]:
    frame = values.select(from_avro(F.unhex(F.lit(hexes)), schema, options).alias("value"))
    print(frame.schema.simpleString())
    scene.rows(f"{hexes} {options}", frame)
for name in ("from_avro", "to_avro"):
    print(spark.sql(f"SELECT {name}(X'02', '\"{'int' if name == 'from_avro' else 'bytes'}\"')").columns)
print(spark.sql("SELECT schema_of_avro('[\"null\", {\"type\":\"array\",\"items\":\"long\"}]')").collect())
