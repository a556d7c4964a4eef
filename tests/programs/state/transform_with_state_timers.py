"""Timers of transformWithStateInPandas by event time: registered, deleted, listed and expired; late rows."""
import pandas as pd
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


class Timers(Processor):
    def init(self, handle):
        self.handle = handle
        self.count = handle.getValueState("count", "n INT")

    def handleInputRows(self, key, rows, timerValues):
        last, n = None, self.count.get()[0] if self.count.exists() else 0
        for frame in rows:
            n += len(frame)
            last = int(frame.t.max().timestamp() * 1000)
        self.count.update((n,))
        for timer in list(self.handle.listTimers()):
            if timer > last + 5000:
                self.handle.deleteTimer(timer)
        self.handle.registerTimer(last + 5000)
        self.handle.registerTimer(last + 5000)
        if key[0] == "b":
            self.handle.registerTimer(last + 20000)
        yield self.row(key, f"{n} rows", timerValues)

    def handleExpiredTimer(self, key, timerValues, expiredTimerInfo):
        n = self.count.get()[0] if self.count.exists() else 0
        self.count.clear()
        yield self.row(key, f"{n} rows expired at {expiredTimerInfo.getExpiryTimeInMs() - 1704067200000}", timerValues)

    def row(self, key, what, timerValues):
        timers = [timer - 1704067200000 for timer in self.handle.listTimers()]
        return pd.DataFrame({"k": [key[0]], "what": [what], "mark": [timerValues.getCurrentWatermarkInMs()],
                             "timers": [str(timers)]})


stream = source("timers", "t TIMESTAMP, k STRING").withWatermark("t", "1 second")
out = stream.groupBy("k").transformWithStateInPandas(Timers(), "k STRING, what STRING, mark LONG, timers STRING", "Append",
                                                    "EventTime")
at = "2024-01-01 00:00:"
run("timers", out, "append", [f"{at}01,a\n{at}02,b\n", f"{at}04,a\n{at}07,c\n", f"{at}02,late\n{at}08,d\n", f"{at}30,e\n"])
