"""Streams filtered and extended by subqueries over batch tables."""
import scene

spark = scene.session()
scene.put("in/1.csv", "1,a,5\n2,b,6\n3,x,7\n4,,8\n")
spark.readStream.schema("id INT, k STRING, v INT").csv(scene.path("in")).createOrReplaceTempView("orders")
names = spark.createDataFrame([("a", "Alpha", 5), ("b", "Beta", 1), ("c", "Gamma", 9)], "k STRING, name STRING, w INT")
names.createOrReplaceTempView("names")
queries = {
    "known": "SELECT * FROM orders WHERE k IN (SELECT k FROM names)",
    "unknown": "SELECT * FROM orders WHERE k NOT IN (SELECT k FROM names)",
    "there": "SELECT * FROM orders WHERE EXISTS (SELECT 1 FROM names n WHERE n.k = orders.k AND n.w < orders.v)",
    "not_there": "SELECT * FROM orders WHERE NOT EXISTS (SELECT 1 FROM names n WHERE n.k = orders.k)",
    "scalar": "SELECT id, v * (SELECT max(w) FROM names) AS p FROM orders WHERE v > (SELECT min(w) FROM names) + 4",
    "looked_up": "SELECT id, (SELECT max(name) FROM names n WHERE n.k = orders.k) AS name FROM orders",
    "counted": "SELECT id, (SELECT count(*) FROM names n WHERE n.k = orders.k) AS c FROM orders",
    "flagged": "SELECT id, k IN (SELECT k FROM names) AS known FROM orders",
    "lateral_rows": "SELECT id, name FROM orders, LATERAL (SELECT name FROM names n WHERE n.k = orders.k)",
}
for title, query in queries.items():
    scene.now(spark.sql(query).writeStream.format("memory").queryName(title))
    scene.rows(title, spark.table(title))
