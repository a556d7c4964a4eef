"""What the test programs share: a session, an empty folder, input files with fixed times, and prints in a fixed order."""
import atexit
import os
import re
import shutil
import sys
import tempfile

from pyspark import cloudpickle
from pyspark.sql import SparkSession

# Functions of this module go to workers by value: a worker does not know it.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

base = tempfile.mkdtemp(prefix="scene-")
_time = [1700000000]


def session(**conf):
    """The session, with the settings that the programs rely on."""
    builder = SparkSession.builder.appName("scene")
    settings = {"spark.sql.shuffle.partitions": "2", "spark.sql.session.timeZone": "UTC",
                "spark.sql.streaming.noDataProgressEventInterval": "3600000"}
    settings.update({key.replace("__", "."): value for key, value in conf.items()})
    spark = builder.getOrCreate()
    for key, value in settings.items():
        spark.conf.set(key, value)
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    atexit.register(spark.stop)
    return spark


def path(*names):
    return os.path.join(base, *names)


def put(name, text):
    """Writes a file that a reader sees whole or not at all; each next one is a second younger."""
    target, part = path(name), path(".part")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(part, "w" if isinstance(text, str) else "wb") as file:
        file.write(text)
    _time[0] += 1
    os.utime(part, (_time[0], _time[0]))
    os.rename(part, target)


def rows(title, frame):
    """Prints the rows, sorted as texts."""
    print("--", title)
    print(" | ".join(frame.columns))
    for line in sorted(" | ".join(map(str, row)) for row in frame.collect()):
        print("  " + line)


def drain(query, title, spark):
    """Lets the query take in what there is and prints its memory table."""
    query.processAllAvailable()
    rows(title, spark.table(query.name))


def now(writer, *arguments):
    """Runs a stream over what there is, to its end."""
    query = writer.trigger(availableNow=True).start(*arguments)
    query.awaitTermination()
    return query


def names(folder):
    """The files below a folder, without side files; random parts of names are cut out."""
    found = []
    for top, _, files in os.walk(path(folder)):
        found += [os.path.relpath(os.path.join(top, name), path(folder)) for name in files if not name.startswith(".")]
    return sorted(re.sub(r"-[0-9a-f]{8}-[0-9a-f-]{27}", "-UUID", name) for name in found)


def attempt(title, action):
    """Runs the action and prints how it failed: class, condition, SQLSTATE, first line of the message."""
    try:
        action()
        print(f"-- {title}: no error")
    except Exception as error:
        text = clean(str(error)).splitlines()
        first = next((line for line in text if line.strip()), "")
        condition = getattr(error, "getCondition", lambda: None)()
        state = getattr(error, "getSqlState", lambda: None)()
        print(f"-- {title}: {type(error).__name__} {condition} {state}\n   {first}")


def clean(text):
    """The text without this run's folder, ids and line-up of plans."""
    text = text.replace("file://" + base, "BASE").replace("file:" + base, "BASE").replace(base, "BASE")
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", text)
    return re.sub(r"#\d+L?", "#N", text)
