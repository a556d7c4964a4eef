"""What programs about state share: input in steps, the numbers of their operators, the files of their state."""
import os
from collections import Counter

import scene


def feed(frame, name, steps, mode="append"):
    """Runs a stream over the folder `name`, a file a step (lines parted by spaces), and prints what each step gave.

    A step may also be a pair of a folder below that one and the lines."""
    os.makedirs(scene.path(name), exist_ok=True)
    out = scene.path("out_" + name)
    writer = frame.writeStream.outputMode(mode).option("checkpointLocation", scene.path("cp_" + name))

    def rows():
        if mode != "append":
            table = frame.sparkSession.table("t_" + name)
        elif os.path.exists(out):
            table = frame.sparkSession.read.schema(frame.schema).json(out)
        else:
            return Counter()
        return Counter(" | ".join(map(str, row)) for row in table.collect())

    known = rows() if mode == "append" else Counter()
    query = writer.format("json").start(out) if mode == "append" else writer.format("memory").queryName("t_" + name).start()
    print("--", name, frame.columns)
    for step in steps:
        folder, text = ("", step) if isinstance(step, str) else step
        add(os.path.join(name, folder) if folder else name, text)
        query.processAllAvailable()
        now = rows()
        print(" ", folder, text + "".join("\n      " + line for line in sorted((now - known).elements())))
        known = now
    numbers(query)
    query.stop()


def add(name, text):
    """A file of lines; those that begin with a digit happened at that time of a day."""
    lines = ["2024-01-01 " + line if line[0].isdigit() else line for line in text.split()]
    count = sum(len(files) for _, _, files in os.walk(scene.path(name)))
    scene.put(f"{name}/{count}.csv", "".join(line + "\n" for line in lines))


def numbers(query):
    """Of each batch: its number, rows, watermark, and what its operators counted."""
    for progress in query.recentProgress:
        if "addBatch" not in progress["durationMs"]:
            continue
        watermark = (progress["eventTime"] or {}).get("watermark", "")[11:19]
        print("  of batch", progress["batchId"], "rows", progress.numInputRows, "watermark", watermark)
        for operator in progress["stateOperators"]:
            print("   ", operator["operatorName"], "total", operator["numRowsTotal"], "updated", operator["numRowsUpdated"],
                  "removed", operator["numRowsRemoved"], "late", operator["numRowsDroppedByWatermark"],
                  "duplicates", operator["customMetrics"].get("numDroppedDuplicateRows"))


def files(checkpoint):
    """The schema and metadata files of all operators, byte by byte."""
    top = scene.path(checkpoint, "state")
    for operator in sorted(os.listdir(top)):
        for name in ("_metadata/metadata", "0/_metadata/schema"):
            with open(os.path.join(top, operator, name), "rb") as file:
                print(operator, name, file.read())
