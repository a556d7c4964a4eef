"""DataFrame.stat, sampling with replacement, transpose, and aggregates with an order of their own."""
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()

df = spark.createDataFrame([(1, 2.0, "a"), (2, None, "b"), (None, 3.0, "a"), (4, 9.5, None), (5, 1.0, "c`x")],
                           "a INT, b DOUBLE, c STRING").coalesce(1)
print(round(df.cov("a", "b"), 9), round(df.corr("a", "b"), 9))
df.crosstab("a", "c").orderBy("a_c").show()
print(df.freqItems(["a", "c"]).collect(), df.freqItems(["a"]).schema)
print(df.approxQuantile(["a", "b"], [0.25, 0.5, 0.75], 0.0), df.filter("a > 100").approxQuantile("a", [0.5], 0.0))
print(df.sampleBy("c", {"a": 0.5, "b": 1.0}, 3).collect())

rows = spark.createDataFrame([("x", 1, 2.5), ("y", 3, 4.5), (None, 7, 8.5)], "k STRING, v INT, w DOUBLE")
rows.transpose().show()
rows.limit(0).transpose().show()
for wrong in [lambda: rows.transpose("v"), lambda: rows.select(F.array("v"), "w").transpose()]:
    try:
        wrong().show()
    except PySparkException as error:
        print(error.getCondition())

one = spark.range(0, 30, 1, 1)
print([r.id for r in one.sample(True, 0.7, 3).collect()], one.sample(True, 2.5, -9).count())
print([r.id for r in spark.range(0, 40, 1, 3).sample(True, 0.4, 5).collect()])

values = "FROM VALUES ('a', 1, 1), ('b', 3, 1), ('c', 2, 2), (NULL, 5, 2), ('b', NULL, 2) AS t(x, y, g)"
for query in ["listagg(x, ',') WITHIN GROUP (ORDER BY y DESC)", "listagg(DISTINCT x, ',') WITHIN GROUP (ORDER BY x DESC)",
              "string_agg(DISTINCT x)", "percentile_cont(0.25) WITHIN GROUP (ORDER BY y)", "mode(x, true)",
              "percentile_cont(array(0.25, 0.5)) WITHIN GROUP (ORDER BY y DESC)", "mode() WITHIN GROUP (ORDER BY g)",
              "percentile_disc(0.5) WITHIN GROUP (ORDER BY y DESC)", "max_by(x, y, 2)", "min_by(x, y, 10)",
              "approx_count_distinct(x)", "max_by(x, y, 0)", "sum(y) WITHIN GROUP (ORDER BY y)", "percentile_cont(0.5)",
              "listagg(DISTINCT x) WITHIN GROUP (ORDER BY y)"]:
    try:
        result = spark.sql(f"SELECT {query} {values}")
        print(result.columns, result.collect())
    except PySparkException as error:
        print(query, error.getCondition())
spark.sql(f"SELECT g, listagg(x) WITHIN GROUP (ORDER BY x DESC) l, max_by(x, y, 1) m {values} GROUP BY g ORDER BY g").show()
for n, error in [(300, 0.05), (700, 0.05), (20000, 0.05), (20000, 0.01), (300, 0.2)]:
    print(n, error, spark.range(n).agg(F.approx_count_distinct("id", error)).first()[0])
print(spark.range(3000).groupBy((F.col("id") % 3).alias("k")).agg(F.approx_count_distinct("id").alias("n")).orderBy("k").collect())

spark.stop()
