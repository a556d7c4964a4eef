"""session_window and window_time over a table."""
import scene
from pyspark.sql import functions as F

spark = scene.session()
rows = [("2024-01-01 12:00:00", "a", 1), ("2024-01-01 12:03:00", "a", 2), ("2024-01-01 12:20:00", "a", None), (None, "a", 9),
        ("2024-01-01 12:08:00", "a", 4), ("2024-01-01 12:03:00", "b", 2), ("2024-01-01 12:04:00", None, 7), ("2024-01-01 12:08:59", None, 8)]
df = spark.createDataFrame(rows, "t string, k string, v int").withColumn("t", F.to_timestamp("t"))


def show(title, make):
    print("--", title)
    try:
        make().show(truncate=False)
    except Exception as error:
        print(type(error).__name__, error.getCondition(), scene.clean(str(error)).splitlines()[0])


def grouped(window, *keys):
    return df.groupBy(window, *keys)


five = F.session_window("t", "5 minutes")
frame = grouped(five, "k").agg(F.count("*"), F.sum("v"))
frame.printSchema()
print([field.metadata for field in frame.schema][:2])
show("by key", lambda: frame)
show("alone", lambda: grouped(five).agg(F.count("*"), F.collect_list("v")))
show("named", lambda: df.groupBy("k", five.alias("w")).agg(F.max("v")))
show("computed key", lambda: df.groupBy((F.col("v") % 2).alias("odd"), five).agg(F.min("v")).orderBy("odd", "session_window"))
show("distinct", lambda: grouped(five, "k").agg(F.countDistinct("v"), F.sum("v")))
show("gaps of rows", lambda: grouped(F.session_window("t", F.expr("CASE WHEN k = 'a' THEN '1 minute' ELSE '5 minutes' END")), "k").agg(F.collect_list("v")))
show("gaps of numbers", lambda: grouped(F.session_window("t", F.expr("make_interval(0, 0, 0, 0, 0, v, 0)")), "k").agg(F.collect_list("v")))
show("month", lambda: grouped(F.session_window("t", "1 month"), "k").count())
show("negative", lambda: grouped(F.session_window("t", "-5 minutes"), "k").count())
show("no interval", lambda: grouped(F.session_window("t", "xx"), "k").count())
show("a number as gap", lambda: grouped(F.session_window("t", F.lit(5)), "k").count())
show("a day-time interval as gap", lambda: grouped(F.session_window("t", F.expr("interval 1 minute")), "k").count())
show("no time", lambda: grouped(F.session_window("v", "1 minute"), "k").count())
show("two", lambda: df.groupBy(F.session_window("t", "1 minute"), F.session_window("t", "2 minutes"), "k").count())
show("twice the same", lambda: df.groupBy(F.session_window("t", "1 minute"), "k").agg(F.count("*")).select("session_window.start", "k"))
show("and a window", lambda: df.groupBy(F.session_window("t", "1 minute"), F.window("t", "2 minutes"), "k").count())
show("without groups", lambda: df.select(F.session_window("t", "1 minute"), "k"))
show("its start", lambda: df.select(F.session_window("t", "1 minute").start.alias("s"), "k"))
show("of texts", lambda: df.withColumn("t", F.col("t").cast("string")).groupBy("k", five).agg(F.max("v")))
show("of local times", lambda: df.withColumn("t", F.col("t").cast("timestamp_ntz")).groupBy("k", five).agg(F.max("v")))
show("window_time of sessions", lambda: grouped(five, "k").agg(F.max("v")).select(F.window_time("session_window"), "session_window", "k"))
show("windows of sessions", lambda: grouped(five, "k").count().groupBy(F.window("session_window", "1 hour")).sum("count"))
show("sessions of windows", lambda: df.groupBy("k", F.window("t", "5 minutes")).count().groupBy(F.session_window("window", "1 hour")).sum("count"))
show("window_time of a column", lambda: df.withColumn("w", F.window("t", "5 minutes")).select(F.window_time("w")))
df.createOrReplaceTempView("events")
show("SQL", lambda: spark.sql("SELECT k, session_window(t, '5 minutes') w, session_window.start s, count(*) FROM events GROUP BY k, session_window(t, '5 minutes') ORDER BY 1, 2"))
show("having", lambda: spark.sql("SELECT session_window.end e, sum(v) FROM events GROUP BY session_window(t, '5 minutes'), k HAVING count(*) > 1"))
many = spark.range(0, 5000).selectExpr("timestamp_seconds(id * 7 % 100000) t", "id % 13 k")
show("many", lambda: many.groupBy(F.session_window("t", "20 seconds"), "k").count().groupBy("count").agg(F.count("*"), F.min("session_window.start")).orderBy("count"))
