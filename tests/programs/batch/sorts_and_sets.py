"""Batch sort, limit, union, distinct, except, intersect, and show's layout."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
frame = spark.createDataFrame([(3, "c", 1.0), (1, None, None), (2, "a long text beyond twenty letters", 2.25), (1, "b", -0.5)],
                              "n INT, s STRING, d DOUBLE")
frame.orderBy("n", F.desc("s")).show()
frame.sort(F.col("s").asc_nulls_last()).show(truncate=False)
frame.sort(F.col("d").desc_nulls_first(), "n").show(2)
frame.orderBy("n", "d").show(3, truncate=6)
frame.orderBy("n", "d").show(1, vertical=True)
frame.orderBy("n").limit(2).union(frame.orderBy(F.desc("n")).limit(1)).orderBy("n").select("n").show()
one, two = spark.range(5), spark.range(3, 8)
one.union(two).distinct().orderBy("id").show()
one.intersect(two).orderBy("id").show()
one.exceptAll(two).orderBy("id").show()
print(one.union(two).count(), frame.first(), frame.orderBy("n", "s").take(2), frame.isEmpty(), spark.range(0).isEmpty())
print(frame.orderBy(F.desc("n")).head(1), [row.n for row in frame.orderBy("n").tail(2)])
spark.range(0).show()
spark.createDataFrame([("日本", "é")], ["wide", "a"]).show()
spark.range(25).show()
spark.sql("SELECT * FROM VALUES (1, 'x'), (2, 'y') AS t(a, b) ORDER BY a DESC LIMIT 1").show()
spark.sql("SELECT id FROM range(6) WHERE id % 2 = 0 UNION ALL SELECT 100 ORDER BY id").show()
