"""What a session's settings change in the meaning of a query: time zone, decimals, quotes, map keys, TIME."""
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()

def show(query):
    try:
        frame = spark.sql(query)
        print(frame.dtypes, frame.collect())
    except PySparkException as error:
        print(query, error.getCondition())

spark.conf.set("spark.sql.session.timeZone", "America/New_York")
show("SELECT CAST(TIMESTAMP'2024-01-01 00:00:00' AS STRING) AS s, unix_seconds(TIMESTAMP'2024-07-01 00:00:00') AS u")
print(spark.range(1).filter("TIMESTAMP'2024-01-01 00:00:00' = TIMESTAMP'2024-01-01 05:00:00Z'").count())
spark.range(1).select(F.expr("unix_seconds(TIMESTAMP'2024-01-01 00:00:00')").alias("u")).show()
spark.conf.set("spark.sql.session.timeZone", "UTC")

spark.conf.set("spark.sql.timestampType", "TIMESTAMP_NTZ")
show("SELECT TIMESTAMP'2024-01-01 00:00:00' AS t")
spark.conf.unset("spark.sql.timestampType")

decimals = "FROM VALUES (CAST(9 AS DECIMAL(38,0)), CAST(7 AS DECIMAL(38,18)), 1.23, 4.567) AS t(c, d, a, b)"
for allowed in ["true", "false"]:
    spark.conf.set("spark.sql.decimalOperations.allowPrecisionLoss", allowed)
    print(spark.sql(f"SELECT c + d, CAST(c AS DECIMAL(20,0)) * d, a / b, c / d, a % b, c - d {decimals}").dtypes)
spark.conf.unset("spark.sql.decimalOperations.allowPrecisionLoss")

spark.conf.set("spark.sql.ansi.doubleQuotedIdentifiers", "true")
show('SELECT "c d" FROM (SELECT 1 AS "c d")')
spark.conf.unset("spark.sql.ansi.doubleQuotedIdentifiers")
show('SELECT "c d"')

for policy in ["EXCEPTION", "LAST_WIN"]:
    spark.conf.set("spark.sql.mapKeyDedupPolicy", policy)
    show("SELECT map(1, 'a', 2, 'b', 1, 'c') AS m")
    show("SELECT map_concat(map(1, 'a', 2, 'b'), map(2, 'x', 3, 'y')) AS m, str_to_map('a:1,a:2') AS t")
    show("SELECT transform_keys(map(1, 'a', 2, 'b'), (k, v) -> 7) AS m, map_from_arrays(array(1, 1), array(2, 3)) AS f")

for query in ["TIME'12:34:56'", "hour(TIME'05:06:07')", "size(array(TIME'05:06:07'))", "TIME'10:00:00' < TIME'11:00:00'",
              "extract(HOUR FROM TIME'05:06:07')", "make_time(1, 2, 3)", "CAST(TIME'01:02:03' AS STRING)"]:
    show(f"SELECT {query} AS v")
spark.conf.set("spark.sql.timeType.enabled", "true")
show("SELECT TIME'12:34:56' AS v, hour(TIME'05:06:07') AS h")

nested = spark.sql("SELECT * FROM VALUES (named_struct('a', 1, 'z', NULL), 2), (named_struct('a', 1, 'z', NULL), 3) AS t(s, v)")
nested.groupBy("s.a").sum("v").show()
print(nested.groupBy(F.col("s.a"), F.col("v") % 2).count().columns, nested.rollup("s.a").count().columns)
print(nested.select(F.count(F.expr("*")), F.reverse(F.lit(b"\xca\xfe"))).first())
show("SELECT dateadd(DATE'2024-01-01', 1), ceiling(-0.1, 1), try_add(DATE'2024-01-01', 1), date_add(DATE'2024-01-01', 2147483647) IS NULL")

spark.stop()
