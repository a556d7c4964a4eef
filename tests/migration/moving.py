"""Queries that run in parts, each in another engine: moving.py FOLDER PHASES [NAME...] under spark-submit or `sluice submit`.

Each query reads FOLDER/NAME/in, to which a phase adds files, and keeps its checkpoint and its output beside it. What a query
gives is one file a batch, so a batch that runs again replaces what it gave.
"""
import json
import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

PHASES = 3
FILES = 3  # a phase's
ROCKSDB = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
PROVIDERS = {"hdfs": {}, "rocksdb": {"spark.sql.streaming.stateStore.providerClass": ROCKSDB},
             "changelog": {"spark.sql.streaming.stateStore.providerClass": ROCKSDB,
                           "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
                           "spark.sql.streaming.stateStore.minDeltasForSnapshot": "3"}}
SCHEMA = "k string, i int, v long, d decimal(12,2), f double, b boolean, at timestamp, s struct<x:int,y:string>"


def numbers(frame):
    return frame.groupBy("k", "i").agg(
        F.count("*").alias("rows"), F.count("v").alias("c"), F.sum("v").alias("sum"), F.sum("d").alias("dec"),
        F.avg("v").alias("avg"), F.avg("d").alias("davg"), F.min("at").alias("first"), F.max("k").alias("maxk"),
        F.min("b").alias("minb"), F.stddev("v").alias("sd"), F.var_pop("v").alias("vp"), F.covar_samp("v", "f").alias("cov"),
        F.bit_or("v").alias("bits"))


def collections(frame):
    return frame.groupBy("i").agg(
        F.sort_array(F.collect_list("v")).alias("list"), F.sort_array(F.collect_set("k")).alias("set"),
        F.first("v").alias("first"), F.last("k", ignorenulls=True).alias("last"), F.max_by("k", "v").alias("maxby"),
        F.max("s").alias("maxs"), F.skewness("v").alias("skew"), F.kurtosis("v").alias("kurt"),
        F.corr("v", "f").alias("corr"), F.approx_count_distinct("k").alias("approx"))


def tumbling(frame):
    return frame.withWatermark("at", "10 seconds").groupBy(F.window("at", "5 seconds"), "k").agg(F.sum("v").alias("v"))


def sliding(frame):
    return frame.withWatermark("at", "5 seconds").groupBy(F.window("at", "10 seconds", "5 seconds")).count()


QUERIES = {
    "numbers": (numbers, "update"), "all_numbers": (numbers, "complete"), "collections": (collections, "complete"),
    "total": (lambda frame: frame.groupBy().agg(F.sum("v").alias("v"), F.count("*").alias("n")), "complete"),
    "tumbling": (tumbling, "append"), "tumbling_update": (tumbling, "update"), "sliding": (sliding, "append"),
    "filtered": (lambda frame: frame.where("v % 3 = 0").select("k", "v", "s.y"), "append"),
    "limited": (lambda frame: frame.select("k", "v").limit(30), "append"),
    "deduplicated": (lambda frame: frame.select("k", "i").dropDuplicates(), "append"),
    "deduplicated_in_time": (lambda frame: timed(frame).dropDuplicates(["k", "at"]).select("k", "at"), "append"),
    "deduplicated_within": (lambda frame: timed(frame).dropDuplicatesWithinWatermark(["k"]).select("k"), "append"),
    "sessions": (lambda frame: timed(frame).groupBy(F.session_window("at", "2 seconds"), "k").count(), "append"),
    "joined": (lambda frame: joined(frame, "inner"), "append"), "left_joined": (lambda frame: joined(frame, "left_outer"), "append"),
}


def timed(frame):
    return frame.withWatermark("at", "6 seconds")


def joined(frame, how):
    left = timed(frame.where("i = 1").select("k", "v", "at"))
    right = frame.where("i = 2").select(F.col("k").alias("rk"), F.col("v").alias("rv"), F.col("at").alias("rat"))
    near = F.expr("k = rk AND rat BETWEEN at - interval 4 seconds AND at + interval 4 seconds")
    return left.join(right.withWatermark("rat", "6 seconds"), near, how)


def add_files(folder, phase):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(phase * FILES, (phase + 1) * FILES):
        path = folder / f"{number:03}.json"
        with open(path, "w") as file:
            for row in range(12):
                x = number * 12 + row
                value = {"k": None if x % 11 == 0 else f"key-{x * 7 % 10}", "i": x % 4, "v": x * x % 101 - 20,
                         "d": f"{x}.{x % 100:02}", "f": x / 7, "b": x % 3 == 0, "s": None if x % 5 == 0 else {"x": x % 9, "y": f"é{x}"},
                         "at": f"2026-01-01T00:{(x // 20) % 60:02}:{x * 3 % 60:02}Z"}
                file.write(json.dumps(value, ensure_ascii=False) + "\n")
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))


def writer_into(folder):
    def write(frame, batch):
        rows = sorted(json.dumps(row.asDict(True), default=str, sort_keys=True) for row in frame.collect())
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/{batch:03}", "w") as file:
            file.writelines(row + "\n" for row in rows)

    return write


def run(spark, folder, phase, name, provider, files_only=False):
    add_files(folder / "in", phase)
    for key, value in PROVIDERS[provider].items():
        spark.conf.set(key, value)
    frame = spark.readStream.schema(SCHEMA).option("maxFilesPerTrigger", 1).json(str(folder / "in"))
    query, mode = QUERIES[name]
    writer = query(frame).writeStream.option("checkpointLocation", str(folder / "checkpoint")).outputMode(mode)
    if files_only:
        writer = writer.format("json").option("path", str(folder / "files"))
    else:
        writer = writer.foreachBatch(writer_into(str(folder / "out")))
    writer.trigger(availableNow=True).start().awaitTermination()
    for key in PROVIDERS[provider]:
        spark.conf.unset(key)


def main():
    root, phases, names = Path(sys.argv[1]), map(int, sys.argv[2].split(",")), sys.argv[3:]
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    spark.conf.set("spark.sql.shuffle.partitions", "2")
    for phase in phases:
        for case in names:
            provider, name = case.split("-", 1)
            try:
                run(spark, root / case, phase, name.removeprefix("files-"), provider, name.startswith("files-"))
            except Exception as error:  # noqa: BLE001 - the others still run
                print("FAILED", case, "phase", phase, str(error).split("\nJVM")[0][:1500], flush=True)
    spark.stop()


main()
