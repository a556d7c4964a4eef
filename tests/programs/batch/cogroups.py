"""Python functions over pairs of groups: keys on one side only, null keys, keys that are computed, Arrow and pandas."""
import pandas as pd
import pyarrow as pa

from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()

left = spark.createDataFrame([(1, 1.0), (2, 3.0), (1, 2.0), (None, 5.0)], "id INT, v DOUBLE")
right = spark.createDataFrame([(1, "x"), (3, "y"), (None, "z"), (1, "w")], "id INT, s STRING")

def sizes(key, a, b):
    return pd.DataFrame([(str(key[0]), len(a), len(b), float(a.v.sum()), ",".join(sorted(b.s)))])

left.groupBy("id").cogroup(right.groupBy("id")).applyInPandas(sizes, "k STRING, a INT, b INT, v DOUBLE, s STRING").orderBy("k").show()

def columns(a, b):
    return pd.DataFrame([(",".join(a.columns), ",".join(b.columns))])

left.groupBy(F.col("id") % 2).cogroup(right.groupBy(F.col("id") % 2)).applyInPandas(columns, "a STRING, b STRING").distinct().show()

def in_arrow(key: tuple, a: pa.Table, b: pa.Table) -> pa.Table:
    return pa.table({"k": pa.array([key[0].as_py()], pa.int32()), "rows": pa.array([a.num_rows * 10 + b.num_rows], pa.int32())})

left.groupBy("id").cogroup(right.groupBy("id")).applyInArrow(in_arrow, "k INT, rows INT").orderBy("k").show()
print(left.limit(0).groupBy("id").cogroup(right.limit(0).groupBy("id")).applyInPandas(columns, "a STRING, b STRING").count())

spark.stop()
