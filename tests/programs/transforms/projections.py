"""select, selectExpr, withColumn, alias, drop, rename, star of a struct, on a stream of orders."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
scene.put("in/1.csv", "1;Ann;2;10.50\n2;Bob;1;99.99\n3;;4;0.25\n")
orders = spark.readStream.option("sep", ";").schema("id INT, customer STRING, items INT, price DOUBLE").csv(scene.path("in"))


def result(name, frame):
    frame.printSchema()
    scene.now(frame.writeStream.format("memory").queryName(name))
    scene.rows(name, spark.table(name))


result("selected", orders.select("id", orders.items.alias("n"), F.col("price") * 2, F.lit("x").alias("letter")))
result("expressions", orders.selectExpr("id + 1 AS next", "upper(customer) AS who", "items * price AS total",
                                        "CASE WHEN price > 50 THEN 'high' ELSE 'low' END AS level"))
result("columns", orders.withColumn("total", F.col("items") * F.col("price")).withColumn("id", F.col("id").cast("string"))
       .withColumnRenamed("customer", "who").drop("price", "no such column"))
result("struct", orders.select(F.struct("id", "customer").alias("order"), "items").select("order.*", "items"))
result("many", orders.withColumns({"a": F.lit(1), "b": F.expr("items % 2 = 0")}).select("*", F.expr("a + items AS c")))
result("ddl", orders.toDF("a", "b", "c", "d").select(F.col("a").cast("long"), F.col("d").cast("decimal(6,1)")))
