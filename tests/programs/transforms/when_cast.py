"""when/otherwise and casts, also those that fail under ANSI rules."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
scene.put("in/1.csv", "1,1.9,true,2024-01-31\n-7,abc,no,31.01.2024\n300,,,\n")
stream = spark.readStream.schema("a INT, b STRING, c STRING, d STRING").csv(scene.path("in"))
graded = stream.select(
    "a", F.when(F.col("a") > 100, "big").when(F.col("a") > 0, F.lit("small")).otherwise("negative").alias("size"),
    F.when(F.col("b").isNull(), 0).alias("no otherwise"),
    F.expr("CASE a WHEN 1 THEN 'one' WHEN 300 THEN 'many' END").alias("simple case"),
    F.coalesce("b", "c", F.lit("none")).alias("first"), F.expr("if(a = 1, a, a * 10L)").alias("wide"))
graded.printSchema()
scene.now(graded.writeStream.format("memory").queryName("graded"))
scene.rows("graded", spark.table("graded"))
tried = stream.select(
    F.col("a").cast("string"), F.col("a").cast("double").alias("d"), F.col("a").cast("boolean").alias("t"),
    F.expr("try_cast(b AS double)").alias("b"), F.col("b").try_cast("int").alias("i"),
    F.expr("try_cast(c AS boolean)").alias("c"), F.expr("try_cast(d AS date)").alias("day"),
    F.expr("try_cast(a AS tinyint)").alias("byte"), F.expr("try_cast(b AS decimal(3,1))").alias("m"))
tried.printSchema()
scene.now(tried.writeStream.format("memory").queryName("tried"))
scene.rows("tried", spark.table("tried"))
for expression in ("cast(b AS int)", "cast(a AS tinyint)", "cast(d AS date)", "a / (a - 1)"):
    query = stream.selectExpr(expression).writeStream.format("noop").trigger(availableNow=True).start()
    try:
        query.awaitTermination()
    except Exception as error:
        print(expression, type(error).__name__, error.getCondition(), str(query.exception())[:20].strip())
