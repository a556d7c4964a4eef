"""Timeouts of applyInPandasWithState by event time and by the clock; late rows; timeouts that stay, move and go."""
import pandas as pd

import scene

spark = scene.session()
base = scene.base


def note(frame, batch_id):
    rows = sorted(map(str, map(tuple, frame.collect())))
    with open(f"{base}/log", "a") as log:
        log.writelines(f"  batch {batch_id}: {row}\n" for row in rows)


def metrics(query):
    for p in query.recentProgress:
        if "addBatch" in p["durationMs"]:
            for o in p["stateOperators"]:
                print(p["batchId"], (p["eventTime"] or {}).get("watermark"), o["numRowsTotal"], o["numRowsUpdated"],
                      o["numRowsRemoved"], o["numRowsDroppedByWatermark"])


def result(key, what, state):
    return pd.DataFrame({"k": [key[0]], "what": [what], "mark": [state.getCurrentWatermarkMs()]})


def session(key, frames, state):
    if state.hasTimedOut:
        n = state.getOption[0] if state.exists else -1
        if n < 3:
            state.remove()
        elif n < 5:
            state.update((n + 1,))
            state.setTimeoutTimestamp(state.getCurrentWatermarkMs() + 5000)
        yield result(key, f"timed out with {n}, frames {[len(f) for f in frames]}", state)
        return
    n = state.get[0] if state.exists else 0
    last = None
    for frame in frames:
        n += len(frame)
        last = frame.t.max()
    commands = key[0]
    if "u" in commands or not state.exists:
        state.update((n,))
    if "t" in commands:
        state.setTimeoutTimestamp(int(last.timestamp() * 1000) + 10000)
    if "o" in commands and not state.exists:
        state.setTimeoutTimestamp(int(last.timestamp() * 1000) + 1000)
    if "r" in commands:
        state.remove()
    yield result(key, f"{n} rows", state)


for folder in ("in", "clock"):
    scene.put(folder + "/.keep", "")
stream = spark.readStream.schema("t TIMESTAMP, k STRING").csv(scene.path("in")).withWatermark("t", "0 seconds")
out = stream.groupBy("k").applyInPandasWithState(session, "k STRING, what STRING, mark LONG", "n INT", "append",
                                                 "EventTimeTimeout")


def feed(number, *pairs):
    scene.put(f"in/{number}.csv", "".join(f"2024-01-01 00:00:{second:02},{k}\n" for second, k in pairs))
    writer = out.writeStream.outputMode("append").foreachBatch(note).option("checkpointLocation", scene.path("cp"))
    query = scene.now(writer)
    print("-- file", number)
    metrics(query)
    print(open(f"{base}/log").read(), end="")
    open(f"{base}/log", "w").close()


feed(0, (1, "ut"), (2, "t"), (3, "-"), (4, "utr"), (5, "ut2"), (5, "ut2"), (5, "ut2"), (0, "ut3"))
feed(1, (8, "t"), (2, "late"), (10, "late2"))
feed(2, (20, "x"), (9, "ut3"))
feed(3, (40, "y"))
feed(4, (50, "y"), (41, "u"))


def by_clock(key, frames, state):
    if state.hasTimedOut:
        state.remove()
        yield pd.DataFrame({"k": [key[0]], "what": ["timed out"]})
        return
    sum(len(frame) for frame in frames)
    state.update((1,))
    state.setTimeoutDuration(1 if key[0] == "soon" else 3600000)
    state_of = "past 2000" if state.getCurrentProcessingTimeMs() > 946684800000 else "before"
    yield pd.DataFrame({"k": [key[0]], "what": [state_of]})


clock = spark.readStream.schema("k STRING").csv(scene.path("clock"))
scene.put("clock/0.csv", "soon\nlater\n")
out = clock.groupBy("k").applyInPandasWithState(by_clock, "k STRING, what STRING", "n INT", "update", "ProcessingTimeTimeout")
query = out.writeStream.outputMode("update").format("memory").queryName("clock").start()
while spark.table("clock").count() < 3 and query.isActive:
    query.awaitTermination(0.2)
query.stop()
scene.rows("by the clock", spark.table("clock"))
