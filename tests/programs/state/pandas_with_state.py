"""applyInPandasWithState: states of many types, several and null keys, groups over several Arrow batches, restarts."""
import datetime
import decimal

import pandas as pd
from pyspark.sql import functions as F

import scene

spark = scene.session()
base = scene.base


def note(frame, batch_id):
    rows = sorted(map(str, map(tuple, frame.collect())))
    with open(f"{base}/log", "a") as log:
        log.writelines(f"  batch {batch_id}: {row}\n" for row in rows)


def run(title, output, mode="update", files=()):
    """Each file is a batch of a run of its own, with a checkpoint of the title's."""
    print("--", title)
    for name, text in files:
        scene.put(f"{title}/{name}.csv", text)
        query = output.writeStream.outputMode(mode).foreachBatch(note).option("checkpointLocation", scene.path("cp", title))
        query = scene.now(query)
        for progress in query.recentProgress:
            for o in progress["stateOperators"]:
                print(progress["batchId"], o["operatorName"], o["numRowsTotal"], o["numRowsUpdated"], o["numRowsRemoved"],
                      o["numRowsDroppedByWatermark"], o["numShufflePartitions"])
    print(open(f"{base}/log").read(), end="")
    open(f"{base}/log", "w").close()


def source(title, schema="k STRING, v INT"):
    scene.put(f"{title}/.keep", "")
    return spark.readStream.schema(schema).csv(scene.path(title))


def count(key, frames, state):
    old = state.getOption
    n, total = old if state.exists else (0, 0)
    sizes = []
    for frame in frames:
        sizes.append(len(frame))
        n += len(frame)
        total += int(frame.v.sum())
    if total < 0:
        state.remove()
    elif total < 1000:
        state.update((n, total))
    yield pd.DataFrame({"key": [str(key)], "old": [str(old)], "n": [n], "total": [total], "sizes": [str(sizes)]})


OUT = "key STRING, old STRING, n INT, total INT, sizes STRING"
out = source("counts").groupBy("k").applyInPandasWithState(count, OUT, "n INT, total BIGINT", "update", "NoTimeout")
run("counts", out, files=[
    ("0", "a,1\nb,2\na,3\n,7\n"), ("1", "b,2000\nc,1\n,1\n"), ("2", "b,1\na,-100\n"), ("3", "a,1\n")])

spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "3")
out = source("chunks").groupBy("k").applyInPandasWithState(count, OUT, "n INT, total BIGINT", "append", "NoTimeout")
run("chunks", out, "append", [("0", "".join(f"{k},1\n" for k in "aabbbbccccccccdde")), ("1", "a,1\nb,1\nc,1\n" * 4)])
spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "10000")


def kinds(key, frames, state):
    old = state.get if state.exists else None
    v = sum(int(frame.v.sum()) for frame in frames)
    state.update((v, v / 4, f"é{v}", datetime.date(2024, 1, v), datetime.datetime(2024, 1, 2, 3, 4, v), (v, "x"), decimal.Decimal(v),
                  None, v % 2 == 0, bytes([v])))
    yield pd.DataFrame({"key": [str(key)], "old": [str(old)]})


STATE = ("i INT, d DOUBLE, s STRING, day DATE, t TIMESTAMP, r STRUCT<a: INT, b: STRING>, "
         "dec DECIMAL(10, 2), nothing STRING, flag BOOLEAN, raw BINARY")
keyed = source("kinds").select(F.upper("k").alias("up"), (F.col("v") % 2).alias("odd"), "v").groupBy("up", "odd")
out = keyed.applyInPandasWithState(kinds, "key STRING, old STRING", STATE, "update", "NoTimeout")
run("kinds", out, files=[("0", "a,1\nB,2\nA,3\n"), ("1", "b,6\na,5\nA,4\n")])
print(sorted(name for name in scene.names("cp/kinds/state") if "_metadata" in name))


def several(key, frames, state):
    for frame in frames:
        for v in frame.v.tolist():
            yield pd.DataFrame({"key": [key[0]] * v, "v": range(v)})
    yield pd.DataFrame({"key": [], "v": []})
    state.update((None,))


out = source("several").groupBy("k").applyInPandasWithState(several, "key STRING, v INT", "x INT", "append", "NoTimeout")
run("several", out.filter("v > 0"), "append", [("0", "a,3\nb,1\na,2\nc,0\n")])
