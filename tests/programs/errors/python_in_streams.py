"""Python functions of a stream that raise, or whose process dies: the query fails, others and the session go on."""
import os
import re

from pyspark.sql import functions as F

import scene

spark = scene.session()
scene.put("in/1.csv", "1\n2\n")
stream = spark.readStream.schema("n INT").csv(scene.path("in"))
other = stream.writeStream.format("memory").queryName("other").start()


def outcome(title, *wanted, writer):
    """Runs a query and prints how it failed and which of the texts its exception holds."""
    query = writer.start()
    try:
        query.awaitTermination(60)
        print(f"-- {title}: no error, {query.isActive}")
        query.stop()
    except Exception as error:
        text = str(query.exception())
        print(f"-- {title}: {type(error).__name__} {[word in text for word in wanted]}", query.isActive)


@F.udf("int")
def failing(n):
    raise ValueError(f"bad value {n}")


@F.pandas_udf("int")
def failing_series(n):
    raise KeyError("no such series")


@F.udf("int")
def exits(n):
    os._exit(3)


def map_fails(batches):
    for batch in batches:
        raise TypeError("not this batch")
        yield batch


def map_exits(batches):
    os._exit(3)


def foreach_fails(row):
    raise LookupError(f"row {row.n}")


class Writer:
    def open(self, partition, epoch):
        raise OSError("cannot open")

    def process(self, row):
        pass

    def close(self, error):
        pass


def batch_fails(frame, batch_id):
    def inner():
        raise ArithmeticError(f"in batch {batch_id}")
    inner()


def batch_query_fails(frame, batch_id):
    frame.selectExpr("1 / (n - 1)").collect()


def noop(frame):
    return frame.writeStream.format("noop")


outcome("udf", "ValueError: bad value 1", "in failing", "PythonException", writer=noop(stream.select(failing("n"))))
outcome("pandas udf", "KeyError", "no such series", writer=noop(stream.select(failing_series("n"))))
outcome("mapInPandas", "TypeError: not this batch", "in map_fails", writer=noop(stream.mapInPandas(map_fails, "n INT")))
outcome("foreach function", "LookupError: row 1", "in foreach_fails", writer=stream.writeStream.foreach(foreach_fails))
outcome("foreach writer", "OSError: cannot open", writer=stream.writeStream.foreach(Writer()))
outcome("foreachBatch", "ArithmeticError: in batch 0", "in inner", writer=stream.writeStream.foreachBatch(batch_fails))
outcome("query in foreachBatch", "DIVIDE_BY_ZERO", "in batch_query_fails", writer=stream.writeStream.foreachBatch(batch_query_fails))
outcome("udf exits", "Python worker exited unexpectedly", writer=noop(stream.select(exits("n"))))
outcome("mapInPandas exits", "Python worker exited unexpectedly", writer=noop(stream.mapInPandas(map_exits, "n INT")))
scene.put("in/2.csv", "3\n")
scene.drain(other, "the other query", spark)
other.stop()
print(spark.range(3).count())
