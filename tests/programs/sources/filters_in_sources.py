"""Filters that CSV and JSON readers apply themselves, as numInputRows shows, and what they do to bad and missing values."""
import scene

spark = scene.session()
SCHEMA = "id INT, s STRING, d DOUBLE, day DATE, b BOOLEAN, m DECIMAL(8,2)"
scene.put("csv/1.csv", """\
1,one,1.5,2024-01-01,true,1.00
2,two,,2024-01-02,false,2.50
x,three,3.0,2024-01-03,true,3.00
4,four,NaN,2024-01-04,,4.00
5,five
,none,7.0,2024-01-05,false,7.25
""")
scene.put("json/1.json", """\
{"id": 1, "s": "one", "d": 1.5, "day": "2024-01-01", "b": true, "m": 1.00}
{"id": 2, "s": "two", "d": null, "day": "2024-01-02", "b": false, "m": 2.5}
{"id": "x", "s": "three", "d": 3.0, "day": "2024-01-03", "b": true, "m": 3}
{"s": "no id", "d": 9.0}
{"id": 4, "s": "four", "d": "NaN", "nested": {"a": [1, 2]}}
{"id": 5, "s": "cut off
{"d": 7.0, "id": 6, "s": "six"}
""")
numbers = spark.createDataFrame([(i, f"n{i}", i / 2, i % 2) for i in range(10)], "id INT, s STRING, d DOUBLE, p INT")
numbers.coalesce(1).write.parquet(scene.path("parquet"))
numbers.drop("p").coalesce(1).write.json(scene.path("parts/p=0"))
numbers.drop("p").coalesce(1).write.json(scene.path("parts/p=1"))

CONDITIONS = ["id > 1", "id > 1L AND s LIKE 't%'", "id IN (1, 5)", "id IS NULL", "id IS NOT NULL", "id <=> 2", "NOT (id = 1)",
              "s LIKE '%e'", "s LIKE '%o%'", "s >= 't' OR d > 2", "d > 2", "day < DATE'2024-01-03'", "b", "NOT b", "m > 2",
              "id + 1 > 2", "upper(s) = 'TWO'", "1 = 0", "3 > id", "id = m"]


def read(format, mode="PERMISSIVE", schema=SCHEMA, folder=None):
    return spark.readStream.schema(schema).format(format).option("mode", mode).load(scene.path(folder or format))


def run(title, frame):
    global number
    number += 1
    query = frame.writeStream.format("memory").queryName(f"q{number}").trigger(availableNow=True).start()
    try:
        query.awaitTermination()
    except Exception as error:
        print(title, "fails:", type(error).__name__)
        return
    print(title, [p.numInputRows for p in query.recentProgress], sorted(str(row) for row in spark.table(f"q{number}").collect()))


number = 0
for format in ("csv", "json"):
    for condition in CONDITIONS:
        run(f"{format} {condition}", read(format).select("id", "s", "d", "day", "b", "m").where(condition).select("id", "s"))
    for condition in ("id > 3", "d > 2", "s = 'two'"):
        for mode in ("DROPMALFORMED", "FAILFAST"):
            run(f"{format} {mode} {condition}", read(format, mode).where(condition))
    stream = read(format)
    run(f"{format} below an alias", stream.selectExpr("id AS k", "s AS t").where("k > 1 AND t != 'two'"))
    run(f"{format} of a computed column", stream.selectExpr("id + 1 AS k").where("k > 2"))
    run(f"{format} union", stream.select("id").union(stream.selectExpr("id + 10")).where("id > 11"))
    run(f"{format} join", stream.join(numbers.withColumnRenamed("s", "t"), "id").where("id > 1 AND t > 'n1'").select("id", "t"))
for condition in ("id > 5", "id IS NULL", "id > 100", "s = 'n3' AND id < 2", "id > 100 OR s = 'zz'"):
    run(f"parquet {condition}", read("parquet", schema=numbers.schema).where(condition).select("id"))
for condition in ("p = 1", "p = 0 AND id > 7", "p > 5"):
    run(f"folders {condition}", read("json", schema=numbers.schema, folder="parts").where(condition).select("id", "p"))
