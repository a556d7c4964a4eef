"""JSON lines on a stream: every simple type, nested ones, missing and extra fields, numbers as texts."""
from pyspark.sql.types import (ArrayType, BooleanType, DateType, DecimalType, DoubleType, IntegerType, LongType, MapType,
                               StringType, StructField, StructType, TimestampType)

import scene

spark = scene.session()
schema = StructType([
    StructField("b", BooleanType()), StructField("i", IntegerType()), StructField("l", LongType()),
    StructField("d", DoubleType()), StructField("m", DecimalType(10, 2)), StructField("s", StringType()),
    StructField("day", DateType()), StructField("at", TimestampType()),
    StructField("list", ArrayType(IntegerType())), StructField("map", MapType(StringType(), LongType())),
    StructField("inner", StructType([StructField("x", IntegerType()), StructField("y", StringType())])),
])
scene.put("in/1.json", """\
{"b": true, "i": 1, "l": 9223372036854775807, "d": 1.5, "m": 12.345, "s": "text", "day": "2024-05-06", \
"at": "2024-05-06T07:08:09.123Z", "list": [1, 2, null], "map": {"k": 1}, "inner": {"x": 1, "y": "z"}}
{"i": -3, "s": "caf\\u00e9 \\"quoted\\"", "at": "2024-05-06 07:08:09", "unknown": {"a": [1]}, "inner": {"y": null}}
{"s": {"nested": [1, 2]}, "d": 3, "list": []}
""")
scene.put("in/2.json", '{"b": null}\n\n{"d": "NaN", "i": 7}\n')
stream = spark.readStream.schema(schema).json(scene.path("in"))
stream.printSchema()
scene.now(stream.writeStream.format("memory").queryName("all"))
scene.rows("all", spark.table("all"))
inner = spark.readStream.schema(schema).format("json").load(scene.path("in")).select("inner.*", "list")
inner.printSchema()
scene.now(inner.writeStream.format("memory").queryName("inner_fields"))
scene.rows("inner fields", spark.table("inner_fields"))
