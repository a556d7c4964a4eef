"""Stars without some columns, ORDER BY ALL, generated names, arrays and maps whose elements differ in nullability."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
spark.sql("SELECT * FROM VALUES (1, 'x', 10), (2, 'x', 30), (3, 'y', 20), (4, NULL, 5) AS t(id, d, s)").createOrReplaceTempView("e")
queries = [
    "SELECT * EXCEPT (d) FROM e", "SELECT e.* EXCEPT (id, s) FROM e", "FROM e |> DROP d |> WHERE s > 10",
    "SELECT -id, +id, id BETWEEN 1 AND 2, id NOT BETWEEN 2 AND 3 FROM e",
    "SELECT * FROM VALUES (array(1, 2)), (array(NULL, 3)), (array()) AS t(a)",
    "SELECT CASE WHEN id > 2 THEN array(1) ELSE array(NULL, id) END AS a, array(array(1), array(id, NULL)) AS b FROM e",
    "SELECT map('a', 1) AS m UNION ALL SELECT map()", "SELECT d IN ('x', 'z'), d IN ('quite a long text', 'y') FROM e",
    "SELECT CAST(4.9E-324D AS STRING), CAST(1.4E-45 AS FLOAT), 2.0E-3D, 123456789.0D",
    "SELECT id, (SELECT max(s) FROM e i WHERE i.d <=> e.d) AS m, (SELECT count(*) FROM e i WHERE i.s < e.s) AS c FROM e",
]
for query in queries:
    scene.rows(query, spark.sql(query))
spark.sql("SELECT d, s FROM e ORDER BY ALL").show()
spark.sql("SELECT d, count(*) AS c FROM e GROUP BY d ORDER BY ALL DESC").show()
frame = spark.table("e")
scene.attempt("no such column in a union", lambda: frame.unionByName(frame.select("id")).collect())
scene.attempt("fraction", lambda: frame.sample(2.0).collect())
scene.rows("isin", frame.where(F.col("d").isin("x", "y")))
