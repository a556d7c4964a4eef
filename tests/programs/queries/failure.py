"""A query that fails: its exception, its status, awaitTermination, and the others that go on."""
import scene

spark = scene.session()
scene.put("in/1.csv", "1\n0\n")
stream = spark.readStream.schema("n INT").csv(scene.path("in"))
good = stream.writeStream.format("memory").queryName("good").start()
bad = stream.selectExpr("10 / n AS q").writeStream.format("memory").queryName("bad").start()
try:
    bad.awaitTermination(60)
except Exception as error:
    print(type(error).__name__, error.getCondition(), error.getSqlState(), "DIVIDE_BY_ZERO" in str(error))
print(bad.isActive, bad.status["isTriggerActive"], bad.status["message"].split(":")[0])
failure = bad.exception()
print(type(failure).__name__, "DIVIDE_BY_ZERO" in str(failure))
try:
    spark.streams.awaitAnyTermination()
except Exception as error:
    print("any:", type(error).__name__, "DIVIDE_BY_ZERO" in str(error))
spark.streams.resetTerminated()
print(spark.streams.awaitAnyTermination(0.1))
scene.drain(good, "the other query", spark)
scene.put("in/2.csv", "5\n")
scene.drain(good, "goes on", spark)
try:
    bad.processAllAvailable()
except Exception as error:
    print("processAllAvailable:", type(error).__name__)
good.stop()
