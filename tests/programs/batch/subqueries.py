"""Subqueries in conditions, select lists and FROM: scalar, IN, EXISTS, correlated and not, with nulls; LATERAL."""
import scene

spark = scene.session()
spark.createDataFrame([(1, "a", 10), (2, "b", 20), (3, "c", None), (4, None, 40), (1, "a", 5)],
                      "id INT, s STRING, v INT").createOrReplaceTempView("t")
spark.createDataFrame([(1, 100), (1, 150), (3, 300), (5, 500), (None, 1)], "id INT, w INT").createOrReplaceTempView("u")
queries = [
    "SELECT * FROM t WHERE id IN (SELECT id FROM u)",
    "SELECT * FROM t WHERE id NOT IN (SELECT id FROM u)",
    "SELECT * FROM t WHERE id NOT IN (SELECT id FROM u WHERE id IS NOT NULL)",
    "SELECT * FROM t WHERE NOT (id IN (SELECT id FROM u) AND v > 5)",
    "SELECT * FROM t WHERE (id, v) IN (SELECT 1, 10)",
    "SELECT * FROM t WHERE id IN (SELECT id FROM u WHERE u.w > t.v)",
    "SELECT * FROM t WHERE id IN (SELECT id FROM u) OR v > 30",
    "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
    "SELECT * FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
    "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id > t.id AND w > 200)",
    "SELECT * FROM t WHERE EXISTS (SELECT * FROM u WHERE w > 400)",
    "SELECT id, id IN (SELECT id FROM u), id NOT IN (SELECT id FROM u) FROM t",
    "SELECT id, EXISTS (SELECT 1 FROM u WHERE u.id = t.id) FROM t",
    "SELECT (SELECT max(w) FROM u) + 1 AS x, id FROM t",
    "SELECT * FROM t WHERE v > (SELECT avg(w) / 20 FROM u)",
    "SELECT id, (SELECT max(w) FROM u WHERE u.id = t.id) FROM t",
    "SELECT id, (SELECT count(*) FROM u WHERE u.id = t.id) AS c, (SELECT count(*) + 1 FROM u WHERE u.id = t.id AND w > 100) AS d FROM t",
    "SELECT id, (SELECT count(*) FROM u WHERE u.id > t.id) AS c FROM t",
    "SELECT id, (SELECT max(w) FROM u WHERE u.id = t.id HAVING count(*) > 1) AS h FROM t",
    "SELECT id, v, (SELECT w FROM u WHERE u.id = t.id ORDER BY w LIMIT 1) AS w FROM t",
    "SELECT id, (SELECT w FROM u WHERE u.id = t.id AND w <> 150) AS w FROM t",
    "SELECT s, sum(v), (SELECT sum(w) FROM u) AS total FROM t GROUP BY s",
    "SELECT id FROM t GROUP BY id HAVING count(*) > (SELECT min(id) FROM u)",
    "SELECT CASE WHEN EXISTS (SELECT * FROM u WHERE u.id = t.id) THEN 'y' ELSE 'n' END AS c FROM t",
    "WITH c AS (SELECT * FROM t) SELECT * FROM c WHERE id IN (SELECT id FROM c WHERE v > 15)",
    "SELECT * FROM t JOIN u ON t.id = u.id AND u.w IN (SELECT max(w) FROM u)",
    "SELECT * FROM t LEFT JOIN u ON t.id = u.id AND u.w IN (SELECT max(w) FROM u WHERE id = 1)",
    "SELECT * FROM t, LATERAL (SELECT w FROM u WHERE u.id = t.id)",
    "SELECT * FROM t LEFT JOIN LATERAL (SELECT w FROM u WHERE u.id = t.id)",
    "SELECT * FROM t, LATERAL (SELECT max(w) AS m, count(*) AS c FROM u WHERE u.id = t.id)",
    "SELECT * FROM t, LATERAL (SELECT t.id + u.w AS z FROM u WHERE u.id = t.id)",
    "SELECT * FROM t, LATERAL (SELECT t.id + 1 AS z)",
    "SELECT * FROM t, LATERAL (SELECT w FROM u WHERE u.id >= t.id ORDER BY w DESC LIMIT 1)",
    "SELECT id FROM t INTERSECT ALL SELECT id FROM u",
    "SELECT id FROM t EXCEPT ALL SELECT id FROM u",
    "SELECT id FROM t EXCEPT ALL SELECT 1",
]
for query in queries:
    scene.rows(query, spark.sql(query))
for query in ["SELECT (SELECT id FROM t)", "SELECT id, (SELECT w FROM u WHERE u.id = t.id) FROM t", "SELECT (SELECT id, v FROM t)"]:
    scene.attempt(query, lambda: spark.sql(query).collect())
