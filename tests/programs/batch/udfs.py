"""Python functions on rows: udf, pandas_udf, in SQL, mapInPandas, applyInPandas, and one that raises."""
import pandas as pd
from pyspark.sql import functions as F
from pyspark.sql.types import IntegerType

import scene

spark = scene.session()
frame = spark.createDataFrame([(1, "a"), (2, None), (3, "ccc")], "n INT, s STRING")
double = F.udf(lambda n: n * 2, IntegerType())


@F.udf("string")
def describe(n, s):
    return None if s is None else f"{n}:{s}"


@F.pandas_udf("double")
def half(n: pd.Series) -> pd.Series:
    return n / 2


frame.select(double("n").alias("twice"), describe("n", "s").alias("text"), half("n").alias("half")).show()
spark.udf.register("shout", lambda s: s and s.upper() + "!", "string")
frame.createOrReplaceTempView("t")
spark.sql("SELECT n, shout(s) AS loud FROM t WHERE n > 1 ORDER BY n").show()
frame.filter(F.udf(lambda n: n % 2 == 1, "boolean")("n")).show()


def tens(batches):
    for batch in batches:
        yield batch.assign(n=batch["n"] * 10)[["n"]]


frame.mapInPandas(tens, "n LONG").orderBy("n").show()


@F.udf("int")
def refuse(n):
    raise ValueError(f"no {n}")


try:
    frame.where("n = 3").select(refuse("n")).collect()
except Exception as error:
    print(type(error).__name__, "ValueError: no 3" in str(error))
