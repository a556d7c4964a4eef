"""Joins of two streams by windows and event times, with conditions on one side or both."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
DAY = "2024-01-01 12:"
scene.put("left/1.csv", f"{DAY}00:00,1,p,1.5,2.50,true\n{DAY}00:05,2,q,NaN,1.00,false\n{DAY}01:00,3,,-0.0,,\n{DAY}01:30,4,r,0.0,7.25,true\n"
          f"{DAY}00:00,,p,,3.00,true\n")
scene.put("right/1.csv", f"{DAY}00:00,1,p,1.5,2.50,true\n{DAY}00:06,2,z,NaN,9.00,false\n{DAY}01:00,3,,0.0,,\n{DAY}01:45,5,r,-0.0,7.25,false\n"
          f"{DAY}00:00,,p,,3.00,true\n")
columns = "{0}t TIMESTAMP, {0}n INT, {0}s STRING, {0}d DOUBLE, {0}m DECIMAL(25,2), {0}b BOOLEAN"
left = spark.readStream.schema(columns.format("l")).csv(scene.path("left"))
right = spark.readStream.schema(columns.format("r")).csv(scene.path("right"))
count = [0]


def metrics(query):
    for p in query.recentProgress:
        if "addBatch" not in p["durationMs"]:
            continue
        operators = [(o.numRowsTotal, o.numRowsUpdated, o.numRowsRemoved, o.numRowsDroppedByWatermark) for o in p.stateOperators]
        print("  batch", p["batchId"], p.numInputRows, operators)


def run(title, frame, mode="append"):
    count[0] += 1
    query = (frame.writeStream.format("memory").outputMode(mode).queryName(f"q{count[0]}")
             .option("checkpointLocation", scene.path(f"checkpoint{count[0]}")).start())
    scene.drain(query, title, spark)
    metrics(query)
    query.stop()


run("semi", left.withWatermark("lt", "1 minute").join(right.withWatermark("rt", "1 minute"),
                                                    F.expr("ls = rs AND rt >= lt AND rt <= lt + INTERVAL 1 HOUR"), "left_semi").select("ln"))

timed = left.withWatermark("lt", "10 seconds"), right.withWatermark("rt", "10 seconds")
windows = (timed[0].select(F.window("lt", "1 minute").alias("w"), "ln", "ls"), timed[1].select(F.window("rt", "1 minute").alias("w"), "rn", "rs"))
for how in ("inner", "left_outer", "right_outer", "full_outer", "left_semi"):
    run(f"windows {how}", windows[0].join(windows[1], "w", how).withColumn("w", F.date_format("w.start", "mm:ss")))
    run(f"event times {how}", timed[0].join(timed[1], F.expr("lt = rt AND lb AND rn > 0"), how).drop("lm", "rm", "ld", "rd"))
run("a watermark on one side", left.withWatermark("lt", "10 seconds").join(right, F.expr("lt = rt"), "left_outer").select("ln", "rn"))
within = "ln = rn AND rt BETWEEN lt - INTERVAL 1 SECOND AND lt + INTERVAL 1 SECOND AND lb AND rs <> 'z'"
for how in ("left_outer", "right_outer", "full_outer", "left_semi"):
    run(f"conditions of one side {how}", timed[0].join(timed[1], F.expr(within), how).drop("lm", "rm", "ld", "rd"))
run("an outer join that a filter makes inner", timed[0].join(timed[1], F.expr(within), "left_outer").where("rs > 'a'").select("ln", "rs"))
third = spark.readStream.schema(columns.format("m")).csv(scene.path("left")).withWatermark("mt", "10 seconds")
two = timed[0].join(timed[1], F.expr("ln = rn AND rt BETWEEN lt AND lt + INTERVAL 1 SECOND"))
run("three streams", two.drop("rt").join(third, F.expr("ln = mn AND mt BETWEEN lt AND lt + INTERVAL 1 SECOND")).select("ln", "rs", "mm"))
scene.attempt("two event times on a side", lambda: run("", two.join(third, F.expr("ln = mn AND mt = lt"))))
scene.attempt("cross", lambda: run("", left.crossJoin(right)))
