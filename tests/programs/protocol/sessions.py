"""A session of one's own, a copy of a session, and a session that has ended."""
import scene
from pyspark.sql import SparkSession

spark = scene.session()
spark.conf.set("spark.mine", "1")
spark.range(2).createOrReplaceTempView("two")
spark.range(3).createOrReplaceGlobalTempView("three")
other = SparkSession.builder.create()
print(other.conf.get("spark.mine", "none"), other.catalog.tableExists("two"), other.table("global_temp.three").count())
other.range(5).createOrReplaceTempView("five")
print(spark.catalog.tableExists("five"), SparkSession.getActiveSession() is spark)
copy = spark.cloneSession()
copy.conf.set("spark.mine", "2")
print(copy.table("two").count(), spark.conf.get("spark.mine"), copy.conf.get("spark.mine"), copy.catalog.tableExists("five"))
copy.range(7).createOrReplaceTempView("two")
print(spark.table("two").count(), copy.table("two").count())
copy.client.release_session()  # the client's stop() does not know copies
scene.attempt("a copy that was released", lambda: copy.range(1).count())
copy.client.close()
other.stop()
scene.attempt("a session that was stopped", lambda: other.range(1).count())
print(spark.range(1).count())
spark.catalog.dropGlobalTempView("three")
