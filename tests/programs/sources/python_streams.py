"""Streams of Python data sources: readers of both kinds, sinks, restarts, availableNow, failures."""
import json
import os

from pyspark.sql.datasource import (DataSource, DataSourceStreamArrowWriter, DataSourceStreamReader, DataSourceStreamWriter,
                                    InputPartition, SimpleDataSourceStreamReader, WriterCommitMessage)

import scene

spark = scene.session()
base = scene.base


class Range(InputPartition):
    def __init__(self, start, end):
        self.start, self.end = start, end


class CounterReader(DataSourceStreamReader):
    """Each look at it finds `step` numbers more, up to `top`."""

    def __init__(self, options):
        self.step, self.top, self.log = int(options.get("step", 2)), int(options.get("top", 5)), options["log"]
        self.fail = options.get("fail")
        self.current = None

    def note(self, text):
        with open(self.log, "a") as file:
            file.write(text + "\n")

    def initialOffset(self):
        return {"n": 0}

    def latestOffset(self):
        if self.fail == "latest":
            raise ValueError("no latest offset")
        try:
            with open(self.log + ".n") as file:
                seen = json.load(file)
        except FileNotFoundError:
            seen = 0
        seen = min(seen + self.step, self.top)
        with open(self.log + ".n", "w") as file:
            json.dump(seen, file)
        return {"n": seen}

    def partitions(self, start, end):
        return [Range(n, n + 1) for n in range(start["n"], end["n"])]

    def read(self, partition):
        if self.fail == "read":
            raise ValueError("no rows")
        for n in range(partition.start, partition.end):
            yield (n, f"number {n}")

    def commit(self, end):
        self.note(f"commit {json.dumps(end)}")

    def stop(self):
        pass


class SimpleReader(SimpleDataSourceStreamReader):
    def __init__(self, options):
        self.top = int(options.get("top", 3))

    def initialOffset(self):
        return {"at": 0}

    def read(self, start):
        end = min(start["at"] + 2, self.top)
        return iter([(n, "simple") for n in range(start["at"], end)]), {"at": end}

    def readBetweenOffsets(self, start, end):
        return iter([(n, "again") for n in range(start["at"], end["at"])])

    def commit(self, end):
        pass


class Message(WriterCommitMessage):
    def __init__(self, rows):
        self.rows = rows


class Writer(DataSourceStreamWriter):
    def __init__(self, options, overwrite):
        self.log, self.fail, self.overwrite = options["log"], options.get("fail"), overwrite

    def write(self, rows):
        if self.fail == "write":
            raise ValueError("cannot write")
        return Message([tuple(row) for row in rows])

    def commit(self, messages, batchId):
        rows = sorted(str(row) for message in messages if message for row in message.rows)
        with open(self.log, "a") as file:
            file.write(f"batch {batchId}: {rows} overwrite {self.overwrite}\n")

    def abort(self, messages, batchId):
        with open(self.log, "a") as file:
            file.write(f"aborted {batchId}\n")


class ArrowWriter(DataSourceStreamArrowWriter):
    def __init__(self, options):
        self.log = options["log"]

    def write(self, batches):
        return Message(sum(batch.num_rows for batch in batches))

    def commit(self, messages, batchId):
        with open(self.log, "a") as file:
            file.write(f"arrow batch {batchId}: {sum(message.rows for message in messages if message)} rows\n")


class Counter(DataSource):
    @classmethod
    def name(cls):
        return "counter"

    def schema(self):
        return "n INT, s STRING"

    def streamReader(self, schema):
        return CounterReader(self.options)

    def streamWriter(self, schema, overwrite):
        return ArrowWriter(self.options) if self.options.get("arrow") else Writer(self.options, overwrite)


class Simple(DataSource):
    @classmethod
    def name(cls):
        return "simple"

    def schema(self):
        return "n INT, s STRING"

    def simpleStreamReader(self, schema):
        return SimpleReader(self.options)


for source in (Counter, Simple):
    spark.dataSource.register(source)


def show(title, name):
    print("--", title)
    if os.path.exists(scene.path(name)):
        print(open(scene.path(name)).read(), end="")


def logs(checkpoint):
    for name in sorted(os.listdir(scene.path(checkpoint, "offsets"))):
        if not name.startswith("."):
            print("offsets", name, open(scene.path(checkpoint, "offsets", name)).read().splitlines()[2:])


stream = spark.readStream.format("counter").option("log", scene.path("reads")).load()
writer = stream.writeStream.format("counter").option("log", scene.path("writes")).option("checkpointLocation", scene.path("cp"))
query = writer.start()
query.processAllAvailable()
query.stop()
show("a query's batches", "writes")
stream = spark.readStream.format("counter").option("log", scene.path("reads")).option("top", 9).load()
writer = stream.writeStream.format("counter").option("log", scene.path("writes")).option("checkpointLocation", scene.path("cp"))
scene.now(writer)
show("and after a restart", "writes")
logs("cp")
simple = spark.readStream.format("simple").load()
query = simple.writeStream.format("counter").option("arrow", "x").option("log", scene.path("simple")).option(
    "checkpointLocation", scene.path("cps")).start()
query.processAllAvailable()
query.stop()
show("a simple reader, an Arrow writer", "simple")
logs("cps")
scene.put("files/1.csv", "1,a\n2,b\n")
files = spark.readStream.schema("n INT, s STRING").csv(scene.path("files"))
counts = files.groupBy("s").count()
scene.now(counts.writeStream.outputMode("complete").format("counter").option("log", scene.path("complete")).option(
    "checkpointLocation", scene.path("cpc")))
show("complete mode", "complete")


def attempt(title, start):
    try:
        query = start()
        query.processAllAvailable()
        print("--", title, "-> no error")
    except Exception as error:
        lines = [line for line in scene.clean(str(error)).split("\n\nJVM stacktrace")[0].splitlines() if line.strip()]
        errors = [line for line in lines if "Error: " in line or "requirement" in line]
        print("--", title, type(error).__name__, errors[-1] if errors else lines[0][:200])


attempt("failing latest offset", lambda: spark.readStream.format("counter").option("log", scene.path("f1")).option(
    "fail", "latest").load().writeStream.format("memory").queryName("f1").start())
attempt("failing read", lambda: spark.readStream.format("counter").option("log", scene.path("f2")).option(
    "fail", "read").load().writeStream.format("memory").queryName("f2").start())
attempt("failing write", lambda: files.writeStream.format("counter").option("log", scene.path("f3")).option(
    "fail", "write").option("checkpointLocation", scene.path("cp3")).start())
show("it was aborted", "f3")
attempt("update mode", lambda: counts.writeStream.outputMode("update").format("counter").option(
    "log", scene.path("f4")).option("checkpointLocation", scene.path("cp4")).start())
