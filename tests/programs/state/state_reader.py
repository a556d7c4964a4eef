"""The state of checkpoints as tables, of either provider, and what the sources refuse."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
ROCKSDB = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
PREFIX = "spark.sql.streaming.stateStore."
KINDS = {
    "hdfs": {},
    "changelog": {"providerClass": ROCKSDB, "rocksdb.changelogCheckpointing.enabled": "true", "rowChecksum.enabled": "true",
                  "rowChecksum.readVerificationRatio": "1"},
}
for number, lines in enumerate(["a,1,00:01\nb,2,00:02\n,3,00:04\n", "a,5,00:20\nc,7,00:22\n", "b,8,00:41\na,9,00:42\n"]):
    scene.put(f"in/{number}.csv", "".join(f"{line[:-5]}2026-01-01 00:{line[-5:]}\n" for line in lines.splitlines()))
stream = spark.readStream.schema("k STRING, n INT, at TIMESTAMP").option("maxFilesPerTrigger", 1).csv(scene.path("in"))


def run(name, frame, mode, settings):
    for key, value in settings.items():
        spark.conf.set(PREFIX + key, value)
    query = frame.writeStream.format("noop").outputMode(mode).option("checkpointLocation", scene.path(name))
    query = query.trigger(availableNow=True).start()
    query.awaitTermination()
    for key in settings:
        spark.conf.unset(PREFIX + key)
    return query


def state(name, **options):
    return spark.read.format("statestore").options(**options).load(scene.path(name))


sums = stream.groupBy("k").agg(F.sum("n").alias("s"), F.count("n").alias("c"), F.max("at").alias("m"))
windows = stream.withWatermark("at", "5 seconds").groupBy(F.window("at", "10 seconds"), "k").count()
for kind, settings in KINDS.items():
    run(f"sums_{kind}", sums, "complete", settings)
    query = run(f"windows_{kind}", windows, "append", settings)
    scene.rows(f"{kind}: sums", state(f"sums_{kind}"))
    scene.rows(f"{kind}: sums after batch 0", state(f"sums_{kind}", batchId=0))
    scene.rows(f"{kind}: windows", state(f"windows_{kind}"))
    scene.rows(f"{kind}: changes", state(f"windows_{kind}", readChangeFeed=True, changeStartBatchId=1))
    numbers = query.lastProgress["stateOperators"][0]
    print(numbers["numRowsTotal"], sorted(name for name in numbers["customMetrics"]))
state("sums_hdfs").printSchema()
state("windows_changelog", readChangeFeed=True, changeStartBatchId=0).printSchema()
scene.rows("columns", state("sums_hdfs").select("partition_id", "value.sum").where("value.sum > 5"))
scene.rows("count", state("sums_changelog").groupBy().count())
metadata = spark.read.format("state-metadata").load(scene.path("windows_changelog"))
scene.rows("metadata", metadata.select("*", "_numColsPrefixKey"))
metadata.printSchema()
for options in (
        {"batchId": -1}, {"batchId": 99}, {"batchId": "x"}, {"operatorId": -3}, {"storeName": " "}, {"joinSide": "up"},
        {"joinSide": "left", "storeName": "a"}, {"stateVarName": "a"}, {"readRegisteredTimers": "true"},
        {"readRegisteredTimers": "true", "stateVarName": "a"}, {"flattenCollectionTypes": "x"}, {"readChangeFeed": "true"},
        {"changeStartBatchId": 1}, {"changeEndBatchId": 1},
        {"readChangeFeed": "true", "changeStartBatchId": 2, "changeEndBatchId": 1}, {"readChangeFeed": "true", "changeStartBatchId": -2}, {"snapshotStartBatchId": 1}, {"snapshotPartitionId": 1},
        {"snapshotPartitionId": 1, "snapshotStartBatchId": 7}, {"readChangeFeed": "true", "batchId": 1}):
    scene.attempt(str(options), lambda: scene.rows("no error", state("sums_hdfs", **options)))
scene.attempt("no path", lambda: spark.read.format("statestore").load().show())
scene.attempt("no checkpoint", lambda: spark.read.format("statestore").load(scene.path("none")).show())
scene.attempt("metadata without a path", lambda: spark.read.format("state-metadata").load().show())
