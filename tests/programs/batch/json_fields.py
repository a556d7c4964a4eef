"""Fields of from_json: taken from the call itself, from a column of it, in filters; of documents that don't fit."""
import scene
from pyspark.sql import functions as F

SCHEMA = "a INT, b STRING, m MAP<STRING, INT>, l ARRAY<INT>, s STRUCT<l: ARRAY<INT>, y: INT>, q ARRAY<STRUCT<z: INT>>"
DOCUMENTS = [
    '{"a": 5, "b": "t", "m": {"k": 1}, "l": [1], "s": {"y": 2}}', '{"m": {"k": "x", "j": 1}, "a": 5, "b": "t"}',
    '{"a": 5, "m": {"k": "x", "j": 1}, "b": "t"}', '{"l": [1, "x", 3], "a": 5, "b": "t"}', '{"l": [[1], {"z": 1}], "a": 5, "b": "t"}',
    '{"a": "x", "b": "t"}', '{"a": 1, "b": "t"', '{"a": 1, "m": {"k": [{}]}, "b": 2}', '{"s": {"l": ["x"], "y": 1}, "a": 5, "b": "t"}',
    '{"s": {"y": "q", "l": [1]}, "a": 5}', '{"q": [{"z": 1}, {"z": "x"}, 3, {"b": "inner"}], "a": 5}', '{"q": [[{"a": 9}]], "b": "t", "a": 6}',
    '{"m": {"k": {"a": 8}}, "b": "t"}', '{"a": 1, "a": 2, "b": "t"}', "[]", "none", "", None]

spark = scene.session()
frame = spark.createDataFrame(list(enumerate(DOCUMENTS)), "id INT, v STRING").coalesce(1)
parsed = F.from_json("v", SCHEMA)
column = frame.select("id", parsed.alias("o"))
scene.rows("one field", frame.select("id", parsed["a"]))
scene.rows("two fields", frame.select("id", parsed["a"], parsed["b"]))
scene.rows("nested fields", frame.select("id", parsed["a"], parsed["m"], parsed["l"], parsed["s"]["y"], parsed["q"]["z"]))
scene.rows("a field beside the whole", frame.select("id", parsed["b"], parsed))
scene.rows("one field of a column", column.select("id", "o.a"))
scene.rows("two fields of a column", column.select("id", "o.a", "o.b"))
scene.rows("all fields of a column", column.select("id", "o.*"))
scene.rows("a field used twice", column.selectExpr("id", "o.a", "o.a + 1 AS n"))
scene.rows("filtered", column.where("o.b = 't'").select("id", "o.a", "o.s"))
scene.rows("filtered by the call", frame.where(parsed["a"] == 5).select("id", parsed["b"]))
scene.rows("summed", column.groupBy("o.b").agg(F.sum("o.a"), F.count("o")))
kept = F.from_json("v", "a INT, b STRING, _corrupt_record STRING")
scene.rows("corrupt records of the call", frame.select("id", kept["a"], kept["_corrupt_record"]))
scene.rows("corrupt records of a column", frame.select("id", kept.alias("o")).select("id", "o.a", "o._corrupt_record"))
optional = F.from_json("v", SCHEMA, {"allowComments": "true"})
scene.rows("with an option", frame.select("id", optional["a"], optional["b"], optional["m"]))
spark.conf.set("spark.sql.optimizer.enableJsonExpressionOptimization", "false")
scene.rows("one field, all parsed", frame.select("id", parsed["a"]))
scene.rows("one field of a column, all parsed", column.select("id", "o.a"))
scene.rows("two fields, all parsed", frame.select("id", parsed["a"], parsed["b"]))
spark.conf.unset("spark.sql.optimizer.enableJsonExpressionOptimization")
