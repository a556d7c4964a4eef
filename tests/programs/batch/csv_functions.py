"""from_csv, to_csv, schema_of_csv, and what else was given no name of its own: casts of intervals, width_bucket, unhex."""
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()

for query in ["from_csv('1, 0.8', 'a INT, b DOUBLE')", "from_csv('x,1', 'a INT, b INT')", "from_csv('1', 'a INT, b INT')",
              "from_csv('1,2,3', 'a INT, b INT')", "from_csv('', 'a INT')", "from_csv(NULL, 'a INT')",
              "from_csv('26/08/2015', 'time TIMESTAMP', map('timestampFormat', 'dd/MM/yyyy'))",
              "from_csv('x,2', 'a INT, b INT, _corrupt_record STRING')", "from_csv('\"q,\"\"r\"|7', 'a STRING, b INT', map('sep', '|'))",
              "from_csv('x', 'a INT', map('mode', 'FAILFAST'))", "from_csv('x', 'a INT', map('mode', 'DROPMALFORMED'))",
              "from_csv(1, 'a INT')", "from_csv('1', 'INT')", "schema_of_csv('1,abc,2.5,2024-01-01')",
              "schema_of_csv('1|true', map('sep', '|'))", "schema_of_csv(CAST(id AS STRING))",
              "to_csv(named_struct('a', 1, 'b', 2.5, 'c', 'x,y'))", "to_csv(named_struct('a', NULL, 'b', 'q\"x', 'c', ''))",
              "to_csv(named_struct('t', TIMESTAMP'2024-01-02 03:04:05'), map('timestampFormat', 'dd/MM/yyyy'))", "to_csv(1)",
              "width_bucket(5.3, 0.2, 10.6, 5)", "width_bucket(-0.9, 5.2, 0.5, 2)", "width_bucket(1, 0, 10, 0)",
              "width_bucket(INTERVAL '1' DAY, INTERVAL '0' DAY, INTERVAL '10' DAY, 11)", "width_bucket('a', 1, 2, 3)",
              "unhex('zz')", "to_json(NULL)", "CAST(INTERVAL '2 12:00:00' DAY TO SECOND AS BIGINT)",
              "CAST(INTERVAL '1-6' YEAR TO MONTH AS INT)"]:
    try:
        result = spark.range(1).selectExpr(query)
        print(result.dtypes, result.collect())
    except PySparkException as error:
        print(query, error.getCondition())
lines = spark.createDataFrame([("1,a",), (None,), ("2",), ("x,b",)], "line STRING")
lines.select(F.from_csv("line", "n INT, s STRING, bad STRING", {"columnNameOfCorruptRecord": "bad"}).alias("r")).select("r.*").show()
lines.select(F.to_csv(F.struct("line", F.lit(True)))).show()
spark.range(6).createOrReplaceTempView("numbers")
print(sorted(row[0] for row in spark.sql("SELECT id FROM (SELECT id, id % 2 AS k FROM numbers) DISTRIBUTE BY k").collect()))

spark.stop()
