"""Small streaming jobs whose result after any crash must be that of an uninterrupted run."""
import json
import os
from dataclasses import dataclass
from typing import Callable

from pyspark.sql import functions as F

FILES = 5
LATE = 1000  # a time behind all others
PROVIDER = "spark.sql.streaming.stateStore.providerClass"
ROCKS_DB = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"


def make_input(folder):
    _make_files(folder + "/in", FILES)
    _make_files(folder + "/other", FILES - 2)


def _make_files(folder, count):
    """Files with fixed times, so that every run reads them in the same order."""
    os.makedirs(folder)
    for index in range(count):
        _make_file(f"{folder}/{index}.csv", index, [f"{index * 10 + row},{'abc'[row % 3]}\n" for row in range(6)])


def _make_file(path, index, lines):
    with open(path, "w") as file:
        file.writelines(lines)
    os.utime(path, (1700000000 + index,) * 2)


def settings():
    """Logs that compact and purge within a few batches, so that the fault points there are passed too."""
    return {"spark.sql.shuffle.partitions": "2", "spark.sql.session.timeZone": "UTC", "spark.sql.streaming.minBatchesToRetain": "2",
            "spark.sql.streaming.fileSource.log.compactInterval": "2", "spark.sql.streaming.fileSink.log.compactInterval": "2",
            "spark.sql.streaming.fileSource.log.cleanupDelay": "0", "spark.sql.streaming.fileSink.log.cleanupDelay": "0",
            "spark.sql.streaming.stateStore.minDeltasForSnapshot": "1",
            "spark.sql.streaming.stateStore.maintenanceInterval": "2ms"}


def _stream(spark, folder, name="in"):
    return spark.readStream.schema("n INT, k STRING").option("maxFilesPerTrigger", 1).csv(f"{folder}/{name}")


def _two_streams(spark, folder):
    """The second source has fewer files: it runs dry before the first."""
    return _stream(spark, folder).union(_stream(spark, folder, "other"))


def _writer(frame, folder, mode="append"):
    return frame.writeStream.outputMode(mode).option("checkpointLocation", folder + "/checkpoint").trigger(availableNow=True)


def _sorted_rows(frame):
    return sorted(map(str, frame.collect()))


def _sessions(spark, folder):
    """Two operators with state: rows are minutes of a day, each twice, and each file's rows are sessions of their keys.
    The last sessions are left out: like Spark, a query that is started again waits for data before it gives them."""
    rows = _two_streams(spark, folder).selectExpr("timestamp_seconds(n * 60) AS t", "k").withWatermark("t", "1 minute")
    sessions = rows.dropDuplicates(["t", "k"]).groupBy(F.session_window("t", "4 minutes"), "k").count()
    return sessions.selectExpr("unix_seconds(session_window.end) AS n", "k || count AS k").where("n < 1800")


def to_files(kind, partition_by=(), stream=_stream):
    def start(spark, folder):
        columns = ["concat(n, k) AS value"] if kind == "text" else ["n", "k", "n * 2 AS twice"]
        writer = _writer(stream(spark, folder).selectExpr(*columns), folder).format(kind)
        return (writer.partitionBy(*partition_by) if partition_by else writer).start(folder + "/out")

    def result(spark, folder):
        return _sorted_rows(spark.read.format(kind).load(folder + "/out"))

    return start, result


def in_batches(mode, columns, derive, stream=_stream):
    """foreachBatch: each batch replaces its own file, so a batch that runs again gives the same file again."""

    def start(spark, folder):
        def keep(frame, batch_id):
            rows = sorted([row[column] for column in columns] for row in frame.collect())
            with open(f"{folder}/batch-{batch_id}.part", "w") as file:
                json.dump(rows, file)
            os.rename(f"{folder}/batch-{batch_id}.part", f"{folder}/batch-{batch_id}.json")

        return _writer(derive(stream(spark, folder)), folder, mode).foreachBatch(keep).start()

    def result(spark, folder):
        """The table that the batches make. Which files are in which batch is not part of it: a source that had noted new
        files before the crash reads them together with the next ones, as Spark's does."""
        batches = []
        while os.path.exists(f"{folder}/batch-{len(batches)}.json"):
            with open(f"{folder}/batch-{len(batches)}.json") as file:
                batches.append(json.load(file))
        assert len(batches) == sum(name.endswith(".json") for name in os.listdir(folder))
        if mode == "complete":
            return batches[-1]
        if mode == "update":
            return sorted({row[0]: row for batch in batches for row in batch}.values())
        return sorted(row for batch in batches for row in batch)

    return start, result


def totals(stream):
    return stream.groupBy("k").agg(F.count("*").alias("n"), F.sum("n").alias("s"))


def timed(stream, delay="3 seconds"):
    """Rows of a csv stream with a time, which rises from file to file."""
    return stream.withColumn("at", F.timestamp_seconds("n")).withWatermark("at", delay)


def windows(stream):
    counted = timed(stream).groupBy(F.window("at", "7 seconds"), "k").agg(F.count("*").alias("n"), F.sum("n").alias("s"))
    return counted.select(F.col("window.start").cast("string").alias("start"), "k", "n", "s")


def joined(spark, folder):
    """Each row of the second stream has partners in the first; rows of the first are often left alone."""
    left = timed(_stream(spark, folder))
    right = timed(_stream(spark, folder, "other")).selectExpr("n AS m", "k AS j", "at AS seen")
    near = F.expr("k = j AND seen BETWEEN at - INTERVAL 2 SECONDS AND at + INTERVAL 2 SECONDS")
    return left.join(right, near, "left_outer").selectExpr("n", "k", "m")


def with_setting(key, value, scenario):
    """The scenario with a setting of the session for its query."""
    start, result = scenario

    def start_with_setting(spark, folder):
        spark.conf.set(key, value)
        try:
            return start(spark, folder)
        finally:
            spark.conf.unset(key)

    return start_with_setting, result


def to_memory():
    """The table is built anew from the state by the next batch that runs."""

    def start(spark, folder):
        return _writer(totals(_stream(spark, folder)), folder, "complete").format("memory").queryName("totals").start()

    def result(spark, folder):
        return _sorted_rows(spark.table("totals"))

    return start, result


@dataclass
class Scenario:
    name: str
    start: Callable
    result: Callable
    durable: bool = True  # the result outlives the server
    timed: bool = False  # the state holds rows back until the watermark has passed them
    # Which passages of each fault point are tried: the first batch, one that compacts, one that purges.
    passages: tuple = (1, 2, 4)

    def final_result(self, spark, folder):
        """The result once the watermark has passed all rows: after a restart no batch runs for that alone, as in Spark."""
        if self.timed:
            for source in ("in", "other"):
                _make_file(f"{folder}/{source}/{FILES}.csv", FILES, [f"{LATE},d\n"])
            self.start(spark, folder).awaitTermination()
        return self.result(spark, folder)


SCENARIOS = [
    Scenario("csv to parquet", *to_files("parquet")),
    Scenario("csv to text", *to_files("text")),
    Scenario("two sources to partitions", *to_files("json", partition_by=["k"], stream=_two_streams)),
    Scenario("rows in batches", *in_batches("append", ["n", "k"], lambda stream: stream.where("n % 2 = 0"))),
    Scenario("counts, update", *in_batches("update", ["k", "n", "s"], totals)),
    Scenario("counts of two sources, complete", *in_batches("complete", ["k", "n", "s"], totals, _two_streams)),
    Scenario("sessions of distinct rows", *to_files("json", stream=_sessions), passages=(2,)),
    Scenario("counts in memory", *to_memory(), durable=False),
    Scenario("windows, append", *in_batches("append", ["start", "k", "n", "s"], windows), timed=True, passages=(2,)),
    Scenario("left outer join", *in_batches("append", ["n", "k", "m"], lambda stream: stream, joined), timed=True,
             passages=(2,)),
    Scenario("counts in RocksDB", *with_setting(PROVIDER, ROCKS_DB, in_batches("update", ["k", "n", "s"], totals)),
             passages=(2,)),
]
