"""Data sources written in Python: batch reads and writes, options, schemas, partitions, Arrow batches, what they refuse."""
import os

import pyarrow as pa
from pyspark.sql import Row
from pyspark.sql.datasource import (DataSource, DataSourceArrowWriter, DataSourceReader, DataSourceWriter, InputPartition,
                                    WriterCommitMessage)
from pyspark.sql.types import IntegerType, StringType, StructField, StructType

import scene

spark = scene.session()
log = scene.path("log")


class Numbers(DataSource):
    @classmethod
    def name(cls):
        return "numbers"

    def schema(self):
        return "n INT, text STRING, part INT"

    def reader(self, schema):
        return NumbersReader(self.options, schema)

    def writer(self, schema, overwrite):
        return NumbersWriter(self.options, schema, overwrite)


class NumbersReader(DataSourceReader):
    def __init__(self, options, schema):
        self.options = options
        self.names = schema.fieldNames()

    def partitions(self):
        if self.options.get("fail") == "partitions":
            raise ValueError("no partitions")
        return [InputPartition(i) for i in range(int(self.options.get("Parts", 2)))]

    def read(self, partition):
        yield (partition.value, f"from {self.options.get('path')}", partition.value)
        if self.options.get("fail") == "read":
            raise ValueError("no rows")
        if self.options.get("fail") == "length":
            yield (1,)
        yield Row(text=None, part=partition.value, n=-1)


class Message(WriterCommitMessage):
    def __init__(self, rows):
        self.rows = rows


class NumbersWriter(DataSourceWriter):
    def __init__(self, options, schema, overwrite):
        self.options, self.schema, self.overwrite = options, schema, overwrite

    def write(self, rows):
        rows = list(rows)
        if self.options.get("fail") == "write":
            raise ValueError("cannot write")
        return Message([tuple(row) for row in rows])

    def commit(self, messages):
        if self.options.get("fail") == "commit":
            raise ValueError("cannot commit")
        rows = sorted(str(row) for message in messages for row in message.rows)
        self.note(f"commit {rows} of {len(messages)} partitions, {self.schema.simpleString()}, overwrite {self.overwrite}")

    def abort(self, messages):
        self.note(f"abort {[message and len(message.rows) for message in messages]}")

    def note(self, text):
        with open(self.options["log"], "a") as file:
            file.write(text + "\n")


class Arrows(DataSource):
    @classmethod
    def name(cls):
        return "arrows"

    def schema(self):
        return StructType([StructField("n", IntegerType()), StructField("s", StringType())])

    def reader(self, schema):
        class Reader(DataSourceReader):
            def read(self, partition):
                yield pa.record_batch({"n": pa.array([1, 2], pa.int32()), "s": pa.array(["x", None])})
                yield pa.record_batch({"n": pa.array([3], pa.int32()), "s": pa.array(["z"])})
        return Reader()

    def writer(self, schema, overwrite):
        path = self.options["log"]

        class Writer(DataSourceArrowWriter):
            def write(self, batches):
                return Message(sum(batch.num_rows for batch in batches))

            def commit(self, messages):
                with open(path, "a") as file:
                    file.write(f"arrow commit {sorted(message.rows for message in messages)}\n")
        return Writer()


class Empty(DataSource):
    @classmethod
    def name(cls):
        return "empty"


def attempt(title, action):
    """As scene.attempt, with the traceback's last line."""
    try:
        print("--", title, "->", action())
    except Exception as error:
        lines = [line for line in scene.clean(str(error)).split("\n\nJVM stacktrace")[0].splitlines() if line.strip()]
        last = [line for line in lines if not line.startswith((" ", "SQLSTATE"))]
        print("--", title, type(error).__name__, getattr(error, "getCondition", lambda: None)(),
              "\n  ", lines[0][:140], "\n  ", last[-1][:140])


for source in (Numbers, Arrows, Empty):
    spark.dataSource.register(source)
read = spark.read.format("numbers")
scene.rows("read", read.load())
scene.rows("options and a path", spark.read.format("NUMBERS").option("parts", 3).load("/some/where"))
scene.rows("columns and filters", read.load().filter("n >= 0").select("part", "text"))
print(read.load().count(), read.load().groupBy("part").count().count())
scene.rows("join", read.load().alias("a").join(read.load().alias("b"), "n").select("n", "b.part"))
scene.rows("given schema", spark.read.format("numbers").schema("n BIGINT, text STRING, part STRING").load())
scene.rows("arrow", spark.read.format("arrows").load())
read.load().createOrReplaceTempView("numbers_view")
scene.rows("sql", spark.sql("SELECT part, max(n) AS top FROM numbers_view GROUP BY part"))
frame = spark.createDataFrame([(1, "a"), (2, "b"), (3, None)], "n INT, s STRING").repartition(2)
write = frame.write.format("numbers").option("log", log)
for mode in ("append", "overwrite", "ignore", "error"):
    attempt("write " + mode, lambda: frame.write.format("numbers").option("log", log).mode(mode).save())
attempt("default mode", lambda: frame.write.format("numbers").option("log", log).save())
attempt("empty frame", lambda: frame.filter("n > 5").coalesce(1).write.format("numbers").option("log", log).mode("append").save())
attempt("arrow writer", lambda: frame.write.format("arrows").option("log", log).mode("append").save())
one = frame.coalesce(1)
attempt("failing write", lambda: one.write.format("numbers").option("log", log).option("fail", "write").mode("append").save())
attempt("failing commit", lambda: one.write.format("numbers").option("log", log).option("fail", "commit").mode("append").save())
attempt("partitionBy", lambda: frame.write.format("numbers").option("log", log).partitionBy("n").mode("append").save())
if os.path.exists(log):
    print(open(log).read(), end="")
for fail in ("partitions", "read", "length"):
    attempt("failing " + fail, lambda: spark.read.format("numbers").option("fail", fail).load().collect())
attempt("no schema", lambda: spark.read.format("empty").load())
attempt("no reader", lambda: spark.read.format("empty").schema("a INT").load().collect())
attempt("no writer", lambda: frame.write.format("empty").mode("append").save())
attempt("unknown", lambda: spark.read.format("nosuch").load())


class Json(Numbers):
    @classmethod
    def name(cls):
        return "json"


class Other(Arrows):
    @classmethod
    def name(cls):
        return "numbers"


attempt("a name of the engine", lambda: spark.dataSource.register(Json))
spark.dataSource.register(Other)
scene.rows("registered anew", spark.read.format("numbers").load())
