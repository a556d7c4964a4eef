"""A stream joined with a batch table: inner, left, by name and by condition; and two streams in a union."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
scene.put("in/1.csv", "1,a,5\n2,b,6\n3,x,7\n")
scene.put("other/1.csv", "9,z,1\n")
orders = spark.readStream.schema("id INT, k STRING, v INT").csv(scene.path("in"))
names = spark.createDataFrame([("a", "Alpha", 5), ("b", "Beta", 1), ("c", "Gamma", 9)], "k STRING, name STRING, w INT")


def result(name, frame):
    scene.now(frame.writeStream.format("memory").queryName(name))
    scene.rows(name, spark.table(name))


result("inner_by_name", orders.join(names, "k"))
result("left_by_name", orders.join(names, ["k"], "left"))
result("by_condition", orders.alias("o").join(names.alias("n"), (F.col("o.k") == F.col("n.k")) & (F.col("v") > F.col("w")), "left")
       .select("id", "name"))
result("semi", orders.join(names, "k", "left_semi"))
result("anti", orders.join(names, "k", "left_anti"))
result("broadcast_hint", orders.join(F.broadcast(names.select("k", "name")), "k").select(F.upper("name").alias("n")))
others = spark.readStream.schema("id INT, k STRING, v INT").csv(scene.path("other"))
result("union_of_streams", orders.union(others))
result("union_by_name", orders.unionByName(others.select("v", "k", "id")))
