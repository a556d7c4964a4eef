"""Map states of transformWithStateInPandas, and initial states, over restarts."""
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


class Maps(Processor):
    def init(self, handle):
        self.entries = handle.getMapState("entries", "a STRING, b INT", "n INT")

    def handleInputRows(self, key, rows, timerValues):
        asked = []
        for frame in rows:
            for v in frame.v.tolist():
                entry = ("odd" if v % 2 else "even", v)
                asked.append((self.entries.containsKey(entry), self.entries.getValue(entry)))
                self.entries.updateValue(entry, (v * 10,))
                if v == 7:
                    self.entries.removeKey(("odd", 1))
                    self.entries.removeKey(("odd", 99))
                if v == 9:
                    self.entries.clear()
        state = (self.entries.exists(), sorted(self.entries.keys()), sorted(self.entries.values()),
                 sorted(self.entries.iterator()))
        yield pd.DataFrame({"k": [key[0]], "asked": [str(asked)], "state": [str(state)]})


out = source("maps").groupBy("k").transformWithStateInPandas(Maps(), "k STRING, asked STRING, state STRING", "Update", "None")
run("maps", out, "update", ["a,1\nb,2\na,2\n", "a,7\nb,2\n", "a,9\nb,3\n", "a,1\n"])


class Initial(Processor):
    def init(self, handle):
        self.value = handle.getValueState("v", "n INT")

    def handleInitialState(self, key, initialState, timerValues):
        self.value.update((int(initialState.n.iloc[0]),))

    def handleInputRows(self, key, rows, timerValues):
        before = self.value.get()
        count = sum(len(frame) for frame in rows)
        self.value.update(((before[0] if before else 0) + count,))
        yield pd.DataFrame({"k": [key[0]], "before": [str(before)], "count": [count]})


known = spark.createDataFrame([("a", 100), ("c", 300), ("z", 0)], "k STRING, n INT")
out = source("initial").groupBy("k").transformWithStateInPandas(Initial(), "k STRING, before STRING, count INT", "Update",
                                                               "None", initialState=known.groupBy("k"))
run("initial", out, "update", ["a,1\nb,2\na,3\n", "c,1\na,1\n"])


class InitialRows(Initial):
    def handleInitialState(self, key, initialState, timerValues):
        self.value.update((initialState.n,))

    def handleInputRows(self, key, rows, timerValues):
        yield Row(k=key[0], before=str(self.value.get()), rows=str(list(rows)))


out = source("initial_rows").groupBy("k").transformWithState(InitialRows(), "k STRING, before STRING, rows STRING", "Update",
                                                            "None", initialState=known.groupBy("k"))
run("initial_rows", out, "update", ["a,1\nb,2\na,3\n", "c,1\na,1\n"])
