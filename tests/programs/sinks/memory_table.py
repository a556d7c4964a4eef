"""The memory sink: a table by the query's name, readable while the query runs, in each output mode."""
import scene

spark = scene.session()
scene.put("in/1.csv", "a,1\nb,2\n")
stream = spark.readStream.schema("k STRING, v INT").csv(scene.path("in"))
rows = stream.writeStream.format("memory").queryName("plain").start()
sums = stream.groupBy("k").sum("v").writeStream.format("memory").queryName("sums").outputMode("complete").start()
changes = stream.groupBy("k").count().writeStream.format("memory").queryName("changes").outputMode("update").start()
for name, text in (("2", "a,10\n"), ("3", "c,100\nc,1000\n")):
    for query in (rows, sums, changes):
        scene.drain(query, query.name, spark)
    scene.put(f"in/{name}.csv", text)
for query in (rows, sums, changes):
    scene.drain(query, query.name, spark)
spark.table("sums").printSchema()
scene.rows("by SQL", spark.sql("SELECT k, `sum(v)` AS total FROM sums WHERE `sum(v)` > 5"))
for query in (rows, sums, changes):
    query.stop()
scene.rows("after stop", spark.table("sums"))
