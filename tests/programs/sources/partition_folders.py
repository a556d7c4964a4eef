"""Partition columns out of folder names: their types, values, conflicts and errors; basePath; columns of the user's schema."""
import os
import shutil

import scene
from pyspark.sql import functions as F

spark = scene.session()


def values(*found):
    """Type and values of the column k of folders with these names."""
    shutil.rmtree(scene.path("t"), ignore_errors=True)
    for value in found:
        scene.put(f"t/k={value}/f.txt", "x")
    frame = spark.read.text(scene.path("t"))
    print(found, frame.dtypes[-1][1], sorted(str(row[0]) for row in frame.select(F.col("k").cast("string")).collect()))


for found in [("1", "2.5"), ("1", "3000000000"), ("3000000000", "2.5"), ("12345678901234567890", "1"), ("1e3",), ("NaN",), ("1d",),
              ("0x10",), ("+1",), ("00012",), ("2024-01-01", "2024-01-01 10%3A00%3A00"), ("2024-01-01 10%3A00%3A00.1",),
              ("2024-01-01 10%3A00%3A00.123",), ("2024-1-1",), ("2024-02-30",), ("1", "2024-01-01"), ("true", "1"),
              ("__HIVE_DEFAULT_PARTITION__", "5"), ("__HIVE_DEFAULT_PARTITION__",), ("a%20b", "c")]:
    values(*found)
scene.put("names/a=1/f.txt", "1")
scene.put("names/b=1/f.txt", "1")
scene.attempt("two names", lambda: spark.read.text(scene.path("names")))
scene.put("bases/x/a=1/f.txt", "1")
scene.rows("below a plain folder", spark.read.text(scene.path("bases")))
scene.put("bases/y/a=1/f.txt", "1")
scene.attempt("two bases", lambda: spark.read.text(scene.path("bases")))
scene.put("e/f.txt", "beside")
scene.put("e/a=1/f.txt", "1")
scene.put("e/_h/f.txt", "hidden")
scene.rows("files beside folders", spark.read.text(scene.path("e")))
scene.rows("one folder", spark.read.text(scene.path("e/a=1")))
scene.rows("one folder of a base", spark.read.option("basePath", scene.path("e")).text(scene.path("e/a=1")))
scene.attempt("another base", lambda: spark.read.option("basePath", scene.path("names")).text(scene.path("e/a=1")))
scene.attempt("a file as base", lambda: spark.read.option("basePath", scene.path("e/f.txt")).text(scene.path("e/f.txt")))
scene.rows("cast to the schema", spark.read.schema("value STRING, a DOUBLE").text(scene.path("e")))
scene.put("s/a=x/f.txt", "1")
scene.attempt("no cast", lambda: spark.read.schema("value STRING, a INT").text(scene.path("s")).collect())
scene.put("o/a=7/f.json", '{"a": 1, "b": 2}')
scene.rows("in file and folder", spark.read.json(scene.path("o")))
print(spark.read.schema("a INT, b INT").json(scene.path("o")).columns)
scene.put("n/=7/f.txt", "x")
scene.attempt("no name", lambda: spark.read.text(scene.path("n")))
scene.put("v/k=/f.txt", "x")
scene.attempt("no value", lambda: spark.read.text(scene.path("v")))
scene.rows("recursive", spark.read.option("recursiveFileLookup", True).text(scene.path("e")))
stream = spark.readStream.schema("value STRING, a INT").text(scene.path("e"))
print(stream.columns)
query = stream.writeStream.format("memory").queryName("folders").start()
scene.drain(query, "a stream", spark)
scene.put("e/a=2/f.txt", "2")
scene.drain(query, "another folder", spark)
query.stop()
os.makedirs(scene.path("later"))
query = (spark.readStream.schema("value STRING, a INT").text(scene.path("later")).writeStream.format("memory")
         .queryName("late").start())
scene.put("later/a=3/f.txt", "3")
scene.drain(query, "folders that come later", spark)
query.stop()
