"""Joins of a stream with files and tables, which change between the batches."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
scene.put("static/1.csv", "a,1\nb,2\n")
scene.put("in/1.csv", "a,10\nb,20\nc,30\n,40\n")
stream = spark.readStream.schema("k STRING, v INT").csv(scene.path("in"))
static = spark.read.schema("k STRING, n INT").csv(scene.path("static"))
kinds = {how: stream.join(static, "k", how) for how in ("inner", "left", "left_semi", "left_anti")}
kinds["right"] = static.join(stream, "k", "right").select("k", "v", "n")
kinds["by a range"] = stream.join(static.withColumnRenamed("k", "o"), F.expr("v > n * 10"))
queries = {}
for number, (kind, frame) in enumerate(kinds.items()):
    queries[kind] = frame.writeStream.format("memory").queryName(f"q{number}").start()


def step(title):
    print("==", title)
    for kind, query in queries.items():
        scene.drain(query, kind, spark)


step("as they are")
scene.put("static/2.csv", "c,3\n")
scene.put("in/2.csv", "a,11\nc,31\n")
step("a new file is not seen")
scene.put("static/1.csv", "a,100\nb,200\nd,400\n")
scene.put("in/3.csv", "a,12\nc,32\nd,42\n")
step("a file that was replaced is read anew")
for query in queries.values():
    print([(p.numInputRows, len(p.stateOperators)) for p in query.recentProgress if p.numInputRows])
    query.stop()
