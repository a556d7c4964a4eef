"""Joins of two streams by keys of many types."""
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


for key in ("n", "s", "d", "m", "b"):
    run(f"by {key}", left.join(right, F.expr(f"l{key} = r{key}")).select("ln", "rn", f"l{key}", f"r{key}"))
run("by null-safe keys", left.join(right, F.expr("ls <=> rs AND ln = rn")).select("ln", "ls", "rs"))
run("by null-safe numbers", left.join(right, F.expr("ln <=> rn AND ld <=> rd")).select("ln", "ld", "rd"))
run("by computed keys", left.join(right, F.expr("ln + 1 = rn + 1 AND upper(ls) = upper(rs)")).select("ln", "lm", "rm"))
run("by a struct", left.join(right, F.expr("named_struct('n', ln, 's', ls) = named_struct('n', rn, 's', rs)")).select("ln", "ls"))
run("by an array", left.join(right, F.expr("array(ls, 'x') = array(rs, 'x')")).select("ln", "rn"))
run("in update mode", left.join(right, F.expr("ln = rn AND lm < rm")).select("ln", "lm", "rm"), "update")
run("filters above and below", left.where("ln > 1").join(right.where("rb IS NOT NULL"), F.expr("ln = rn")).where("rm > 0 OR lm > 0")
    .select("ln", "rm"))
run("a column of neither", left.join(right, F.expr("ln = rn")).select(F.lit(1).alias("one")))
run("with itself", left.alias("a").join(left.alias("b"), F.expr("a.ls = b.ls AND a.ln <= b.ln")).selectExpr("a.ln", "b.lm AS other"))
