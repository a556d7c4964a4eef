"""Fields of parsed JSON alone: with the same values as when the whole struct is looked at, for good and bad documents."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
SCHEMA = "a INT, b STRING, c DOUBLE, d STRUCT<x: INT, y: ARRAY<INT>>, t TIMESTAMP"
documents = [
    '{"a": 1, "b": "one", "c": 1.5, "d": {"x": 1, "y": [1, 2]}, "t": "2024-01-01T00:00:00Z"}',
    '{"a": "no number", "b": "two", "c": 2.5}',
    '{"a": 3, "b": {"not": "a string"}, "c": "x", "d": {"x": "y", "y": [3]}}',
    '{"a": 4, "b": "four", "c": 4.5',
    '{"a": 5, "b": "five", "c": tru, "d": null}',
    '{"a": 6, "unknown": [1, {"b": "inner"}], "b": "six", "d": []}',
    '{"a": 7, "a": 70, "b": "seven", "b": "last"}',
    '[{"a": 8}]', '"text"', "", "no JSON", "{}", None, '{"b": "\\ud83d\\ude00 \\u00e9", "a": 2147483648}',
    '{"a": 10, "t": "no time", "b": "ten"}', '{"a": 11, "b": "eleven"} {"a": 12}', '{"a": 12, "b": "twelve",}',
]
frame = spark.createDataFrame(list(enumerate(documents)), "n INT, json STRING")
parsed = frame.select("n", F.from_json("json", SCHEMA).alias("o"))
scene.rows("one field", parsed.select("n", "o.b"))
scene.rows("two fields and a filter", parsed.select("n", "o.*").where("a IS NOT NULL").select("n", "b", "a"))
scene.rows("a field of a field", parsed.select("n", "o.d.x", F.col("o.d.y")[0].alias("y")))
scene.rows("filter alone", parsed.where("o.c > 1").select("n"))
scene.rows("the struct and a field", parsed.select("n", "o", F.col("o.a") + 1))
scene.rows("null struct", parsed.where("o IS NULL").select("n", "o.a"))
scene.rows("in one expression", frame.select("n", F.expr(f"from_json(json, '{SCHEMA}').a + length(from_json(json, '{SCHEMA}').b)")
                                             .alias("sum")))
scene.rows("sums", parsed.groupBy(F.col("o.a") % 2).agg(F.count("o.b"), F.sum("o.c")))
scene.rows("bad records kept", frame.select("n", F.from_json("json", "a INT, b STRING, _corrupt_record STRING").alias("o"))
           .select("n", "o.b", "o._corrupt_record"))
scene.rows("bad records alone", frame.select("n", F.from_json("json", "a INT, b STRING, _corrupt_record STRING").alias("o"))
           .where("o._corrupt_record IS NOT NULL").select("n"))
strict = frame.where("n IN (0, 3)").select("n", F.from_json("json", SCHEMA, {"mode": "FAILFAST"}).alias("o"))
scene.attempt("fail fast over fields that are not used", lambda: strict.select("n", "o.b").collect())
left = parsed.select("n", "o.*").alias("l").join(parsed.alias("r"), F.expr("l.n = r.n AND r.o.a = l.a"))
scene.rows("a join", left.select("l.n", "l.b", "r.o.c"))
scene.rows("union", parsed.union(parsed).select("n", "o.b"))
scene.rows("distinct", parsed.select("o.d").distinct().select("d.x"))
