"""Times to live and timers by the clock of transformWithState; event times of its results under further operators."""
import datetime

import pandas as pd
from pyspark.sql import Row
from pyspark.sql import functions as F
from pyspark.sql.streaming import StatefulProcessor

import scene

spark = scene.session()
spark.conf.set("spark.sql.streaming.stateStore.providerClass",
               "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider")

COUNTS = ["numRowsTotal", "numRowsUpdated", "numRowsRemoved", "numRowsDroppedByWatermark"]
CUSTOM = ["numRegisteredTimers", "numValueStateVars", "numListStateVars"]


def run(title, output, mode, files, metrics=True):
    """Each file is a batch of its own."""
    print("--", title)
    for number, text in enumerate(files):
        scene.put(f"{title}/{number}.csv", text)
    query = scene.now(output.writeStream.outputMode(mode).format("memory").queryName(title))
    for progress in query.recentProgress if metrics else []:
        for o in progress["stateOperators"]:
            custom = o["customMetrics"]
            print(progress["batchId"], o["operatorName"], [o[name] for name in COUNTS], [custom.get(n) for n in CUSTOM])
    scene.rows(title, spark.table(title))


def steps(title, output, mode, files):
    """Each file follows when the table has the rows that the ones before lead to."""
    scene.put(f"{title}/.keep", "")
    query = output.writeStream.outputMode(mode).format("memory").queryName(title).start()
    total = 0
    for number, (text, rows) in enumerate(files):
        scene.put(f"{title}/{number}.csv", text)
        total += rows
        while spark.table(title).count() < total and query.isActive:
            query.awaitTermination(0.1)
    query.stop()
    scene.rows(title, spark.table(title))


def source(title, schema="k STRING, v INT"):
    scene.put(f"{title}/.keep", "")
    return spark.readStream.schema(schema).option("maxFilesPerTrigger", 1).csv(scene.path(title))


class Processor(StatefulProcessor):
    def close(self):
        pass


class Living(Processor):
    """Values that end before the next batch, and others that do not."""

    def init(self, handle):
        self.value = handle.getValueState("value", "n INT", 1)
        self.kept = handle.getValueState("kept", "n INT", 3600000)
        self.items = handle.getListState("items", "n INT", 1)
        self.entries = handle.getMapState("entries", "a STRING", "n INT", 1)
        self.forever = handle.getValueState("forever", "n INT")

    def seen(self):
        return str((self.value.exists(), self.value.get(), self.kept.get(), self.items.exists(), list(self.items.get()),
                    self.entries.exists(), sorted(self.entries.iterator()), self.entries.containsKey(("x",)),
                    self.forever.get()))

    def handleInputRows(self, key, rows, timerValues):
        before = self.seen()
        for frame in rows:
            for v in frame.v.tolist():
                self.value.update((v,))
                self.kept.update((v,))
                self.items.appendValue((v,))
                self.entries.updateValue(("x",), (v,))
                self.entries.updateValue(("y",), (v,))
                self.forever.update((v,))
        yield pd.DataFrame({"k": [key[0]], "before": [before], "after": [self.seen()]})


out = source("living").groupBy("k").transformWithStateInPandas(
    Living(), "k STRING, before STRING, after STRING", "Update", "ProcessingTime")
steps("living", out, "update", [("a,1\nb,2\na,3\n", 2), ("a,4\nc,5\n", 2), ("a,6\n", 1)])


class Clock(Processor):
    def init(self, handle):
        self.handle = handle
        self.count = handle.getValueState("count", "n INT")

    def handleInputRows(self, key, rows, timerValues):
        rows = list(rows)
        now = timerValues.getCurrentProcessingTimeInMs()
        self.count.update((len(rows),))
        self.handle.registerTimer(now + 1)
        self.handle.registerTimer(now + 3600000)
        yield Row(k=key[0], what=f"{len(rows)} rows", timers=len(list(self.handle.listTimers())),
                  mark=timerValues.getCurrentWatermarkInMs())

    def handleExpiredTimer(self, key, timerValues, expiredTimerInfo):
        yield Row(k=key[0], what=f"{self.count.get()} expired", timers=len(list(self.handle.listTimers())),
                  mark=timerValues.getCurrentWatermarkInMs())


out = source("clock").groupBy("k").transformWithState(Clock(), "k STRING, what STRING, timers INT, mark LONG", "Append",
                                                      "processingTime")
steps("clock", out, "append", [("a,1\nb,2\na,3\n", 4), ("a,4\nc,5\n", 4), ("d,6\n", 2)])


class Renamed(Processor):
    def init(self, handle):
        self.count = handle.getValueState("count", "n INT")

    def handleInputRows(self, key, rows, timerValues):
        for row in rows:
            n = (self.count.get() or (0,))[0] + 1
            self.count.update((n,))
            yield Row(at=row.t, name=key[0], n=n)


at = "2024-01-01 00:00:"
files = [f"{at}01,a\n{at}02,b\n{at}11,a\n", f"{at}12,a\n{at}25,c\n", f"{at}13,late\n{at}26,b\n", f"{at}50,e\n"]
out = source("windows", "t TIMESTAMP, k STRING").withWatermark("t", "5 seconds").groupBy("k").transformWithState(
    Renamed(), "at TIMESTAMP, name STRING, n INT", "Append", "EventTime", eventTimeColumnName="at")
print(out.schema.json())
counts = out.groupBy(F.window("at", "10 seconds")).agg(F.count("*").alias("rows"), F.sum("n").alias("total"))
run("windows", counts.selectExpr("CAST(window.start AS STRING)", "rows", "total"), "append", files)


class Late(Processor):
    def init(self, handle):
        pass

    def handleInputRows(self, key, rows, timerValues):
        yield Row(at=datetime.datetime(2024, 1, 1), k=key[0])


out = source("late", "t TIMESTAMP, k STRING").withWatermark("t", "5 seconds").groupBy("k").transformWithState(
    Late(), "at TIMESTAMP, k STRING", "Append", "EventTime", eventTimeColumnName="at")
counts = out.groupBy(F.window("at", "10 seconds"), "k").count().select("k", "count")
try:
    run("late", counts, "append", files, metrics=False)
except Exception as error:
    lines = [line for line in scene.clean(str(error)).splitlines() if "EMITTING" in line]
    print(type(error).__name__, lines[-1] if lines else scene.clean(str(error)))
