"""transformWithState and its pandas form in batch queries: states that last as long as the query, timers, initial states."""
import pandas as pd
from pyspark.sql import Row
from pyspark.sql.streaming import StatefulProcessor

import scene

spark = scene.session()
frame = spark.createDataFrame([("a", 1), ("b", 2), ("a", 3), (None, 4)], "k STRING, v INT")
known = spark.createDataFrame([("a", 100), ("c", 300)], "k STRING, n INT")


class Total(StatefulProcessor):
    def init(self, handle):
        self.handle = handle
        self.total = handle.getValueState("total", "n INT")
        self.seen = handle.getListState("seen", "v INT")
        self.by = handle.getMapState("by", "odd BOOLEAN", "n INT")

    def handleInitialState(self, key, initialState, timerValues):
        self.total.update((int(initialState.n if isinstance(initialState, Row) else initialState.n.iloc[0]),))

    def handleInputRows(self, key, rows, timerValues):
        before = self.total.get()
        for row in rows:
            self.total.update(((self.total.get() or (0,))[0] + row.v,))
            self.seen.appendValue((row.v,))
            self.by.updateValue((row.v % 2 == 1,), (row.v,))
        yield Row(k=key[0], before=str(before), state=str((self.total.get(), list(self.seen.get()), list(self.by.iterator()))))

    def close(self):
        pass


class Frames(Total):
    def handleInputRows(self, key, rows, timerValues):
        before = self.total.get()
        for rows_of_key in rows:
            self.total.update(((self.total.get() or (0,))[0] + int(rows_of_key.v.sum()),))
        yield pd.DataFrame({"k": [key[0]], "before": [str(before)], "state": [str(self.total.get())]})


class Timed(Total):
    def handleInputRows(self, key, rows, timerValues):
        now = timerValues.getCurrentProcessingTimeInMs()
        self.handle.registerTimer(now - 1)
        self.handle.registerTimer(now + 3600000)
        yield Row(k=key[0], before=str(now > 1700000000000), state=str(len(list(self.handle.listTimers()))))

    def handleExpiredTimer(self, key, timerValues, expiredTimerInfo):
        yield Row(k=key[0], before="expired", state=str(len(list(self.handle.listTimers()))))


class Failing(Total):
    def handleInputRows(self, key, rows, timerValues):
        raise ValueError("no rows are welcome")


OUTPUT = "k STRING, before STRING, state STRING"
scene.attempt("the default store", lambda: frame.groupBy("k").transformWithState(Total(), OUTPUT, "Append", "None").collect())
spark.conf.set("spark.sql.streaming.stateStore.providerClass",
               "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider")
scene.rows("rows", frame.groupBy("k").transformWithState(Total(), OUTPUT, "Append", "None"))
scene.rows("frames", frame.groupBy("k").transformWithStateInPandas(Frames(), OUTPUT, "Update", "None"))
initial = known.groupBy("k")
scene.rows("rows and an initial state", frame.groupBy("k").transformWithState(
    Total(), OUTPUT, "Append", "None", initialState=initial))
scene.rows("frames and an initial state", frame.groupBy("k").transformWithStateInPandas(
    Frames(), OUTPUT, "Append", "None", initialState=initial))
scene.rows("timers by the clock", frame.groupBy("k").transformWithState(Timed(), OUTPUT, "Append", "ProcessingTime"))
scene.rows("complete mode", frame.groupBy("k").transformWithState(Total(), OUTPUT, "Complete", "None").groupBy("before").count())
scene.rows("no rows", frame.where("v > 10").groupBy("k").transformWithState(Total(), OUTPUT, "Append", "None"))
try:
    frame.groupBy("k").transformWithState(Failing(), OUTPUT, "Append", "None").collect()
except Exception as error:
    print(type(error).__name__, "ValueError: no rows are welcome" in str(error))
