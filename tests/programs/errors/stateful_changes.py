"""transformWithState that goes on with another processor: variables, time mode and output mode that change."""
from pyspark.sql import Row
from pyspark.sql.streaming import StatefulProcessor

import scene

spark = scene.session()
spark.conf.set("spark.sql.streaming.stateStore.providerClass",
               "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider")


class Count(StatefulProcessor):
    def init(self, handle):
        self.count = handle.getValueState("count", "n INT")

    def handleInputRows(self, key, rows, timerValues):
        yield Row(k=key[0], n=len(list(rows)))

    def close(self):
        pass


def made(**methods):
    return type("Made", (Count,), methods)()


def show(title, error):
    text = scene.clean(str(error))
    print("--", title, "->", type(error).__name__, getattr(error, "getCondition", lambda: None)())
    print("  ", text[text.find("terminated with exception"):].splitlines()[0])


def run(title, processor, output="Append", time="None"):
    """Goes on with the one checkpoint; a run that is refused leaves its batch to the next."""
    scene.put(f"in/{title}.csv", "a,1\n")
    frame = spark.readStream.schema("k STRING, v INT").csv(scene.path("in"))
    counts = frame.groupBy("k").transformWithState(processor, "k STRING, n INT", output, time)
    writer = counts.writeStream.outputMode(output).format("console").option("checkpointLocation", scene.path("cp"))
    try:
        scene.now(writer)
        print("--", title, "-> no error")
    except Exception as error:
        show(title, error)


def lists(self, handle):
    self.count = handle.getListState("count", "n INT")


def longs(self, handle):
    self.count = handle.getValueState("count", "n BIGINT")


def more(self, handle):
    self.count = handle.getValueState("count", "n INT")
    self.other = handle.getValueState("other", "n INT")


run("first", Count())
run("a variable of another kind", made(init=lists))
run("a variable of another type", made(init=longs))
run("another time mode", Count(), time="ProcessingTime")
run("another output mode", Count(), output="Update")
run("one variable more", made(init=more))
run("one variable less", Count())
