"""Small streaming jobs whose result after any crash must be that of an uninterrupted run."""
import json
import os
from dataclasses import dataclass
from typing import Callable

from pyspark.sql import functions as F

FILES = 5


def make_input(folder):
    """Files with fixed times, so that every run reads them in the same order."""
    os.makedirs(folder)
    for index in range(FILES):
        path = os.path.join(folder, f"{index}.csv")
        with open(path, "w") as file:
            file.writelines(f"{index * 10 + row},{'abc'[row % 3]}\n" for row in range(6))
        os.utime(path, (1700000000 + index,) * 2)


def settings():
    """Logs that compact and purge within a few batches, so that the fault points there are passed too."""
    return {"spark.sql.shuffle.partitions": "2", "spark.sql.session.timeZone": "UTC", "spark.sql.streaming.minBatchesToRetain": "2",
            "spark.sql.streaming.fileSource.log.compactInterval": "2", "spark.sql.streaming.fileSink.log.compactInterval": "2",
            "spark.sql.streaming.fileSource.log.cleanupDelay": "0", "spark.sql.streaming.fileSink.log.cleanupDelay": "0",
            "spark.sql.streaming.stateStore.minDeltasForSnapshot": "2"}


def _stream(spark, folder):
    return spark.readStream.schema("n INT, k STRING").option("maxFilesPerTrigger", 1).csv(folder + "/in")


def _writer(frame, folder, mode="append"):
    return frame.writeStream.outputMode(mode).option("checkpointLocation", folder + "/checkpoint").trigger(availableNow=True)


def _sorted_rows(frame):
    return sorted(map(str, frame.collect()))


def to_files(kind):
    def start(spark, folder):
        columns = ["concat(n, k) AS value"] if kind == "text" else ["n", "k", "n * 2 AS twice"]
        return _writer(_stream(spark, folder).selectExpr(*columns), folder).format(kind).start(folder + "/out")

    def result(spark, folder):
        return _sorted_rows(spark.read.format(kind).load(folder + "/out"))

    return start, result


def counts_by_batch(mode):
    """Each batch replaces its own file: a batch that runs again gives the same file again."""

    def start(spark, folder):
        def keep(frame, batch_id):
            rows = sorted([row.k, row.n, row.s] for row in frame.collect())
            with open(f"{folder}/batch-{batch_id}.part", "w") as file:
                json.dump(rows, file)
            os.rename(f"{folder}/batch-{batch_id}.part", f"{folder}/batch-{batch_id}.json")

        totals = _stream(spark, folder).groupBy("k").agg(F.count("*").alias("n"), F.sum("n").alias("s"))
        return _writer(totals, folder, mode).foreachBatch(keep).start()

    def result(spark, folder):
        found = {}
        for name in sorted(os.listdir(folder)):
            if name.endswith(".json"):
                with open(os.path.join(folder, name)) as file:
                    found[name] = json.load(file)
        return found

    return start, result


@dataclass
class Scenario:
    name: str
    start: Callable
    result: Callable


SCENARIOS = [Scenario("csv to parquet", *to_files("parquet")), Scenario("csv to text", *to_files("text")),
             Scenario("counts, update", *counts_by_batch("update")), Scenario("counts, complete", *counts_by_batch("complete"))]
