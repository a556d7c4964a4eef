"""Errors found while rows are computed, with the SQL text that they come from."""
from pyspark.errors import PySparkException

import scene

spark = scene.session()
spark.createDataFrame([(1, 0, "x")], "a INT, b INT, s STRING").createOrReplaceTempView("t")
for query in ["SELECT a / b FROM t", "SELECT a % b AS m FROM t", "SELECT CAST(s AS INT) FROM t", "SELECT a + 2147483647 FROM t",
              "SELECT s + 1 FROM t", "SELECT to_date(s) FROM t", "SELECT array(1, 2)[a + 5] FROM t", "SELECT element_at(array(1), b) FROM t",
              "SELECT * FROM t\nWHERE CAST(s AS DOUBLE) > 1", "SELECT sum(a + 2147483647) FROM t", "SELECT CAST(1234.5 AS DECIMAL(3, 1))",
              "SELECT sum(x) FROM VALUES (9223372036854775807L), (1L) AS t(x)", "SELECT (SELECT id FROM range(2))",
              "SELECT raise_error('boo')", "SELECT slice(array(1), 0, 1)", "SELECT slice(array(1), 1, -1)"]:
    try:
        spark.sql(query).collect()
    except PySparkException as error:
        print(query, "->", type(error).__name__)
        print(str(error).split("\n\nJVM stacktrace")[0])
