"""Unknown columns, functions, tables, fields; ambiguous and wrong types."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
frame = spark.createDataFrame([(1, "a", (1, 2))], "id INT, name STRING, st STRUCT<x: INT, y: INT>")
frame.createOrReplaceTempView("t")
attempts = {
    "unknown column": lambda: frame.select("nmae").collect(),
    "unknown column, nothing alike": lambda: frame.select("zzzzzz").collect(),
    "unknown field": lambda: frame.select("st.z").collect(),
    "unknown function": lambda: frame.selectExpr("no_such_function(id)").collect(),
    "unknown table": lambda: spark.table("no_such_table").collect(),
    "unknown table in SQL": lambda: spark.sql("SELECT * FROM no_such_table").collect(),
    "unknown column in SQL": lambda: spark.sql("SELECT idd FROM t").collect(),
    "ambiguous column": lambda: frame.join(frame.withColumn("q", F.lit(1)), frame.id == 1).select("name").collect(),
    "wrong argument type": lambda: frame.select(F.col("id") + F.array(F.lit(1))).collect(),
    "condition is no boolean": lambda: frame.filter("id + 1").collect(),
    "wrong number of arguments": lambda: frame.selectExpr("substring(name)").collect(),
    "not in group by": lambda: spark.sql("SELECT id, count(*) FROM t GROUP BY name").collect(),
    "aggregate in where": lambda: spark.sql("SELECT id FROM t WHERE count(*) > 1").collect(),
    "nested aggregate": lambda: frame.agg(F.sum(F.count("id"))).collect(),
    "unknown type": lambda: frame.select(F.col("id").cast("wibble")).collect(),
    "impossible cast": lambda: frame.select(F.col("st").cast("int")).collect(),
    "syntax": lambda: spark.sql("SELEC 1").collect(),
    "syntax in expression": lambda: frame.selectExpr("id +").collect(),
    "unclosed text": lambda: spark.sql("SELECT 'abc").collect(),
    "union of other widths": lambda: frame.union(frame.select("id")).collect(),
    "view exists": lambda: frame.createTempView("t"),
}
for title, action in attempts.items():
    scene.attempt(title, action)
