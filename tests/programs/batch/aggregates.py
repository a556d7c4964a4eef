"""Batch aggregation: group by, having, distinct counts, several functions, without keys, over nothing."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
data = [("a", 1, 1.5), ("b", 2, None), ("a", 3, 2.5), (None, 4, 0.5), ("b", 2, 8.0), ("c", None, None)]
frame = spark.createDataFrame(data, "k STRING, n INT, v DOUBLE")
frame.createOrReplaceTempView("t")
frame.groupBy("k").agg(F.count("*").alias("rows"), F.sum("n"), F.avg("v"), F.min("n"), F.max("v")).orderBy("k").show()
frame.groupBy("k").count().orderBy(F.desc("count"), "k").show()
frame.agg(F.countDistinct("k"), F.sum("v"), F.count("n"), F.first("n", True)).show()
frame.where("n > 100").agg(F.sum("n"), F.count("*"), F.max("k")).show()
frame.where("n > 100").groupBy("k").sum("n").show()
spark.sql("SELECT k, count(*) AS c FROM t GROUP BY k HAVING count(*) > 1 ORDER BY k").show()
spark.sql("SELECT n % 2 AS odd, sum(n) AS s, collect_list(k) AS ks FROM t WHERE n IS NOT NULL GROUP BY n % 2 ORDER BY odd").show()
spark.sql("SELECT count(DISTINCT n), count(DISTINCT k, n) FROM t").show()
spark.sql("SELECT upper(k) AS u, max(v) - min(v) AS spread FROM t GROUP BY 1 ORDER BY u").show()
frame.groupBy("k").agg({"n": "max", "v": "sum"}).orderBy("k").show()
frame.groupBy((F.col("n") > 2).alias("large")).agg(F.stddev("n"), F.variance("n")).orderBy("large").show()
frame.select("k").distinct().orderBy("k").show()
frame.dropDuplicates(["k", "n"]).groupBy().count().show()
