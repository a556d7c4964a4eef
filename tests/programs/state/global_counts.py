"""Aggregation without keys on a stream, and one over several columns."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
scene.put("in/0.csv", "a,x,1\na,y,2\n")
stream = spark.readStream.schema("k STRING, d STRING, v INT").csv(scene.path("in"))
whole = stream.agg(F.count("*").alias("n"), F.sum("v").alias("s")).writeStream.outputMode("complete").format("memory")
parts = stream.groupBy("k", "d").agg(F.max("v").alias("m")).writeStream.outputMode("complete").format("memory")
whole, parts = whole.queryName("whole").start(), parts.queryName("parts").start()
for number, text in enumerate(("", "a,x,7\nb,,3\n", "b,,4\n")):
    if text:
        scene.put(f"in/{number}.csv", text)
    scene.drain(whole, f"whole {number}", spark)
    scene.drain(parts, f"parts {number}", spark)
whole.stop()
parts.stop()
