"""foreachBatch and its session: views, settings, frames of the session, output modes, errors of jobs."""
import os

import scene

spark = scene.session()
spark.createDataFrame([("a", "Alpha"), ("b", "Beta")], "k STRING, name STRING").createOrReplaceTempView("names")
base = scene.base


def note(text):
    with open(f"{base}/log", "a") as log:
        log.write(str(text) + "\n")


def run(title, function, files=("a,1\na,2\nb,3\n", "x,4\n"), frame=lambda stream: stream, mode="append"):
    print("--", title)
    number = sum(name.startswith("in") for name in os.listdir(base))
    for i, text in enumerate(files):
        scene.put(f"in{number}/{i}.csv", text)
    stream = spark.readStream.schema("k STRING, v INT").option("maxFilesPerTrigger", 1).csv(scene.path(f"in{number}"))
    query = None
    try:
        query = frame(stream).writeStream.foreachBatch(function).outputMode(mode).trigger(availableNow=True).start()
        query.awaitTermination()
    except Exception as error:
        text = scene.clean(str(error)).split("\n\nJVM stacktrace")[0]
        raised = [line for line in text.splitlines() if "Error: " in line or "Exception: " in line]
        print(type(error).__name__, getattr(error, "getCondition", lambda: None)(), (raised or text.splitlines())[-1][:300])
    if os.path.exists(f"{base}/log"):
        print(open(f"{base}/log").read(), end="")
        os.remove(f"{base}/log")
    return query


def views(frame, batch_id):
    session = frame.sparkSession
    frame.createOrReplaceTempView("batch")
    note(sorted(map(tuple, session.sql("SELECT k, sum(v) FROM batch GROUP BY k").collect())))
    note(sorted(table.name for table in session.catalog.listTables()))
    note(sorted(map(tuple, session.sql("SELECT batch.k, name FROM batch JOIN names ON batch.k = names.k").collect())))
    frame.createOrReplaceGlobalTempView("shared_batch")
    session.catalog.dropTempView("missing")


run("views of the batch", views)
print(sorted(table.name for table in spark.catalog.listTables()))
print(spark.catalog.tableExists("batch"), spark.catalog.tableExists("global_temp.shared_batch"))


def settings(frame, batch_id):
    session = frame.sparkSession
    note((session.conf.get("spark.sql.shuffle.partitions"), session.conf.get("spark.sql.adaptive.enabled"),
          session.conf.get("spark.sql.session.timeZone"), session.conf.get("mine", "unset")))
    session.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    session.conf.set("mine", f"batch {batch_id}")
    session.sql("CREATE OR REPLACE TEMP VIEW names AS SELECT 'x' k, 'other' name")


run("settings of the batch's session", settings)
print(spark.conf.get("spark.sql.session.timeZone"), spark.conf.get("mine", "unset"), spark.table("names").count())
spark.conf.set("spark.sql.session.timeZone", "UTC")
spark.createDataFrame([("a", "Alpha"), ("b", "Beta")], "k STRING, name STRING").createOrReplaceTempView("names")


def aggregated(frame, batch_id):
    note((batch_id, sorted(map(tuple, frame.collect()))))


run("counts in complete mode", aggregated, frame=lambda stream: stream.groupBy("k").count(), mode="complete")
run("counts in append mode", aggregated, frame=lambda stream: stream.groupBy("k").count())


def outer(frame, batch_id):
    names = spark.table("names")
    note(sorted(map(tuple, frame.join(names, "k").collect())))


run("the outer session", outer)


def wrong_cast(frame, batch_id):
    frame.selectExpr("assert_true(v < 0)").collect()


query = run("a failing job", wrong_cast)
print(query.isActive, query.exception() is not None)
try:
    spark.readStream.format("rate").load().writeStream.foreachBatch(3).start()
except Exception as error:
    print(type(error).__name__, str(error).splitlines()[0])
