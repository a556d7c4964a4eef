"""Several queries in one session, and spark.streams over them."""
import scene

spark = scene.session()
scene.put("in/1.csv", "1\n2\n")
stream = spark.readStream.schema("n INT").csv(scene.path("in"))
print(spark.streams.active)
first = stream.writeStream.format("memory").queryName("first").start()
second = stream.selectExpr("n * 2 AS n").writeStream.format("memory").queryName("second").start()
third = stream.writeStream.format("noop").start()
print(sorted(str(query.name) for query in spark.streams.active))
print(spark.streams.get(first.id).name, spark.streams.get(second.id).runId == second.runId)
for query in (first, second, third):
    query.processAllAvailable()
scene.rows("first", spark.table("first"))
scene.rows("second", spark.table("second"))
scene.attempt("the same name again", lambda: stream.writeStream.format("memory").queryName("first").start())
print(spark.streams.awaitAnyTermination(0.1))
second.stop()
print(spark.streams.awaitAnyTermination(10), spark.streams.awaitAnyTermination())
spark.streams.resetTerminated()
print(spark.streams.awaitAnyTermination(0.1))
print(sorted(str(query.name) for query in spark.streams.active), second.isActive, first.isActive)
again = stream.selectExpr("n * 3 AS n").writeStream.format("memory").queryName("second").start()
scene.drain(again, "the name of a stopped query is free", spark)
for query in spark.streams.active:
    query.stop()
print(spark.streams.active)
print(spark.streams.get("8a7a24f0-9fd6-41d1-a6a9-2b9e0b0c8f11"))
