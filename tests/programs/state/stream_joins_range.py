"""Joins of two streams within a time range, with a restart between any two looks at the input."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
DAY = "2024-01-01 12:"
# Of each side what comes before a run: keys with and without partners, duplicates, nulls, late rows, rows that are added and
# evicted in one batch.
LEFT = (f"{DAY}00:00,1,a1\n{DAY}00:01,1,a2\n{DAY}00:00,2,a3\n{DAY}00:02,,a4\n,3,a5\n{DAY}00:03,4,a6\n",
        f"{DAY}02:00,5,a7\n{DAY}00:05,1,a8\n{DAY}02:01,6,a9\n{DAY}02:01,6,a9\n",
        f"{DAY}02:05,7,a10\n{DAY}06:00,8,a11\n{DAY}01:00,1,late\n")
RIGHT = (f"{DAY}00:05,1,b1\n{DAY}00:30,2,b2\n{DAY}00:02,,b3\n,3,b4\n{DAY}00:00,1,b5\n",
         f"{DAY}02:04,5,b6\n{DAY}02:04,5,b6\n{DAY}00:06,4,b7\n{DAY}02:02,10,b8\n",
         f"{DAY}02:06,7,b9\n{DAY}06:01,11,b10\n{DAY}01:00,1,late\n")


def read(side, columns, time):
    return spark.readStream.schema(columns).csv(scene.path(side)).withWatermark(time, "10 seconds")


left = read("left", "t TIMESTAMP, k INT, x STRING", "t")
right = read("right", "u TIMESTAMP, j INT, y STRING", "u")
ranges = {"both bounds": "k = j AND u BETWEEN t - INTERVAL 2 SECONDS AND t + INTERVAL 10 SECONDS",
          "strict, by numbers": "k = j AND cast(u AS LONG) > cast(t AS LONG) - 3 AND cast(u AS LONG) < cast(t AS LONG) + 11"}
types = {"both bounds": ("full_outer", "left_semi"), "strict, by numbers": ("left_outer",)}
cases = [(bounds, how) for bounds in ranges for how in types[bounds]]


seen = {case: [] for case in range(len(cases))}
reports = {case: [] for case in range(len(cases))}
for number, (a, b) in enumerate(zip(LEFT, RIGHT)):
    scene.put(f"left/{number}.csv", a)
    scene.put(f"right/{number}.csv", b)
    for case, (bounds, how) in enumerate(cases):
        joined = left.join(right, F.expr(ranges[bounds]), how).select("t", "x", *(() if how == "left_semi" else ("u", "y")))
        joined = joined.select(*(F.date_format(name, "mm:ss").alias(name) if name in "tu" else name for name in joined.columns))
        writer = joined.writeStream.format("json").option("checkpointLocation", scene.path(f"checkpoint{case}"))
        query = scene.now(writer, scene.path(f"out{case}"))
        rows = spark.read.schema("t STRING, x STRING, u STRING, y STRING").json(scene.path(f"out{case}")).collect()
        new = sorted(map(str, map(tuple, rows)))
        for row in seen[case]:
            new.remove(row)
        seen[case] = [*seen[case], *new]
        reports[case].append(f"  run {number}: {new}")
        for p in query.recentProgress:
            for o in p["stateOperators"]:
                reports[case].append(f"    {p['batchId']}: {p.numInputRows} rows, total {o.numRowsTotal} updated {o.numRowsUpdated} "
                                     f"removed {o.numRowsRemoved} late {o.numRowsDroppedByWatermark} of {o.numShufflePartitions} "
                                     f"partitions {o['numStateStoreInstances']} stores")
for case, (bounds, how) in enumerate(cases):
    print("--", how, bounds, *reports[case], sep="\n")
names = [name for name in scene.names("checkpoint0") if name.startswith("state/") and "/1/" not in name]
print([name for name in names if name.endswith(("schema", "metadata", "/1.delta"))])
