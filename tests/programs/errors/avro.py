"""What from_avro, to_avro and schema_of_avro refuse, and what they make of bytes that are no Avro."""
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro, to_avro

import scene

spark = scene.session()
values = spark.range(1)
RECORD = '{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":["null","string"]}]}'
queries = {
    "no constant schema": "from_avro(X'00', concat('\"int\"', CAST(id AS STRING)))",
    "a schema that is a number": "from_avro(X'00', 1)",
    "options that are no map": "from_avro(X'00', '\"int\"', 'FAILFAST')",
    "options that are no texts": "from_avro(X'00', '\"int\"', map('mode', 1))",
    "a mode that it has not": "from_avro(X'00', '\"int\"', map('mode', 'DROPMALFORMED'))",
    "too deep": "from_avro(X'00', '\"int\"', map('recursiveFieldMaxDepth', '16'))",
    "no depth": "from_avro(X'00', '\"int\"', map('recursiveFieldMaxDepth', 'x'))",
    "no flag": "from_avro(X'00', '\"int\"', map('enableStableIdentifiersForUnionType', 'x'))",
    "one argument": "from_avro(X'00')",
    "three arguments": "to_avro(1, '\"int\"', map())",
    "to_avro with a schema that is a number": "to_avro(1, 2)",
    "schema_of_avro of a number": "schema_of_avro(1)",
    "more digits than Spark has": "from_avro(X'00', '{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":40}')",
    "a null where none may be": "to_avro(named_struct('a', CAST(NULL AS INT)), "
                                "'{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}')",
    "truncated": f"from_avro(X'0202', '{RECORD}')",
}
for title, expression in queries.items():
    scene.attempt(title, lambda: values.selectExpr(expression).collect())
for hexes in ["", "02", "0202", "020206", "02020661", "020400", "0203", "8080808080", "FFFFFFFF0F02",
              "02FFFFFFFFFFFFFFFFFF01", "0200", "020002"]:
    frame = values.select(from_avro(F.unhex(F.lit(hexes)), RECORD, {"mode": "PERMISSIVE"}).alias("r"))
    scene.rows(f"bytes {hexes!r}", frame)
    scene.attempt(f"bytes {hexes!r}, FAILFAST", lambda: values.select(from_avro(F.unhex(F.lit(hexes)), RECORD)).collect())
for schema, hexes in [('"string"', "05"), ('"string"', "FEFFFFFF0F"), ('{"type":"array","items":"int"}', "0204"),
                      ('{"type":"array","items":"null"}', "0400"),
                      ('{"type":"map","values":"int"}', "02026102"), ('"boolean"', "02"),
                      ('"boolean"', ""), ('"float"', "000000"), ('"double"', "00000000000000"), ('["null","int"]', "04"),
                      ('{"type":"enum","name":"E","symbols":["A"]}', "02"), ('{"type":"fixed","name":"F","size":3}', "0102"),
                      ('{"type":"bytes","logicalType":"decimal","precision":2}', "0403E8"),
                      ('{"type":"bytes","logicalType":"decimal","precision":2}', "00"),
                      ('{"type":"long","logicalType":"timestamp-millis"}', "FEFFFFFFFFFFFFFFFF01"), ('"null"', "")]:
    frame = values.select(from_avro(F.unhex(F.lit(hexes)), schema, {"mode": "PERMISSIVE"}).alias("v"))
    scene.rows(f"{schema} of {hexes!r}", frame)
scene.put("in/1.csv", "020206616263\n0202\n")
stream = spark.readStream.schema("h STRING").csv(scene.path("in")).select(from_avro(F.unhex("h"), RECORD))
try:
    scene.now(stream.writeStream.format("noop"))
except Exception as error:
    print("-- a malformed value in a stream:", type(error).__name__)
