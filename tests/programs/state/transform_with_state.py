"""transformWithState and its pandas form: value and list states, rows, restarts."""
import datetime
import decimal

import pandas as pd
from pyspark.sql import Row
from pyspark.sql.streaming import StatefulProcessor

import scene

spark = scene.session()
spark.conf.set("spark.sql.streaming.stateStore.providerClass",
               "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider")
base = scene.base


def note(frame, batch_id):
    rows = sorted(map(str, map(tuple, frame.collect())))
    with open(f"{base}/log", "a") as log:
        log.writelines(f"  batch {batch_id}: {row}\n" for row in rows)


def run(title, output, mode, files):
    """Each file is a run of its own, with a checkpoint of the title's."""
    print("--", title)
    for number, text in enumerate(files):
        scene.put(f"{title}/{number}.csv", text)
        writer = output.writeStream.outputMode(mode).foreachBatch(note)
        query = scene.now(writer.option("checkpointLocation", scene.path("cp", title)))
        for progress in query.recentProgress:
            for o in progress["stateOperators"]:
                custom = o["customMetrics"]
                print(progress["batchId"], o["operatorName"], o["numRowsTotal"], o["numRowsUpdated"], o["numRowsRemoved"],
                      o["numRowsDroppedByWatermark"], o["numShufflePartitions"], custom.get("numRegisteredTimers"),
                      custom.get("numDeletedTimers"), custom.get("numExpiredTimers"))
    print(open(f"{base}/log").read(), end="")
    open(f"{base}/log", "w").close()


def source(title, schema="k STRING, v INT"):
    scene.put(f"{title}/.keep", "")
    return spark.readStream.schema(schema).csv(scene.path(title))


class Processor(StatefulProcessor):
    def close(self):
        pass


class Values(Processor):
    def init(self, handle):
        self.value = handle.getValueState("v", "a INT, b DECIMAL(10, 2), c DATE, d STRING, e BINARY, f STRUCT<x: INT>, "
                                               "g MAP<STRING, INT>, h ARRAY<STRING>, i TIMESTAMP, j DOUBLE, k BOOLEAN")

    def handleInputRows(self, key, rows, timerValues):
        before = (self.value.exists(), self.value.get())
        v = sum(int(frame.v.sum()) for frame in rows)
        if v < 0:
            self.value.clear()
        else:
            self.value.update((v, decimal.Decimal(v), datetime.date(2024, 1, v), f"é{v}", bytes([v]), Row(x=v), {"k": v},
                               ["a", None], datetime.datetime(2024, 1, 2, 3, 4, v), v / 4, None))
        yield pd.DataFrame({"k": [str(key)], "before": [str(before)], "after": [str(self.value.exists())]})


out = source("values").groupBy("k").transformWithStateInPandas(Values(), "k STRING, before STRING, after STRING", "Update",
                                                              "None")
run("values", out, "update", ["a,1\nb,2\na,3\n,4\n", "a,-1\nc,1\n", "a,2\n,1\n"])


class Lists(Processor):
    def init(self, handle):
        self.items = handle.getListState("items", "v INT, s STRING")

    def handleInputRows(self, key, rows, timerValues):
        for row in rows:
            if row.v == 0:
                self.items.clear()
            elif row.v == 10:
                self.items.put([(10, "put"), (11, None)])
            elif row.v == 20:
                self.items.appendList([(20, "x"), (21, "y")])
            else:
                self.items.appendValue((row.v, "appended"))
        yield Row(k=key[0], exists=self.items.exists(), items=str(list(self.items.get())))


out = source("lists").groupBy("k").transformWithState(Lists(), "k STRING, exists BOOLEAN, items STRING", "Append", "none")
run("lists", out, "append", ["a,1\nb,2\na,3\n", "a,20\nb,10\nc,10\n", "a,0\nb,4\n", "a,5\n"])
