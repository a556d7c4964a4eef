"""Values that are no strings in string columns: from_json writes them anew, as Jackson does."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
VALUES = ['{"not": "a string"}', '{ "a" : [ 1 , 2.50 , {"b" : null } ] , "c":true}', "[ ]", "{ }", "1", "1.50", "1e3", "1E-7", "-0", "-0.0",
          "100000000000000000000", "1.23456789012345678901234567890", "1e400", "true", "null", "12345678901", "0.1e1", "1.0", "123456789.0",
          '{"e": "q\\"\\u00e9\\/\\n\\u0001\\ud83d\\ude00"}', '["\\t", "é", "<>&\'"]', '{"a": 1, "a": 2}', "[1.10, 1e2, -5]", '{"": {}}', "[[], [[]]]"]
frame = spark.createDataFrame([(number, f'{{"v": {value}, "w": {value}}}') for number, value in enumerate(VALUES)], "n INT, json STRING")
scene.rows("strings", frame.select("n", F.from_json("json", "v STRING").alias("o")).select("n", "o.v"))
scene.rows("in arrays", frame.where("n <> 12").select("n", F.from_json(F.concat(F.lit("["), F.get_json_object("json", "$.v"), F.lit("]")), "ARRAY<STRING>")))
scene.rows("in maps", frame.select("n", F.from_json("json", "MAP<STRING, STRING>")))
