"""Functions that programs use on each row: texts, numbers, times, arrays, maps, structs."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
scene.put("in/1.json", '{"s": " Hello, World ", "n": 7.256, "i": 10, "at": "2024-03-10T12:34:56.789", "list": [3, 1, 2]}\n'
          '{"s": null, "n": -2.5, "i": -3, "at": "1999-12-31T23:59:59", "list": []}\n')
stream = spark.readStream.schema("s STRING, n DOUBLE, i INT, at TIMESTAMP, list ARRAY<INT>").json(scene.path("in"))
groups = {
    "texts": ["trim(s)", "lower(s)", "length(s)", "substring(s, 3, 4)", "concat(s, '!')", "concat_ws('-', s, 'x')",
              "split(s, ',')", "replace(s, 'l', 'L')", "regexp_replace(s, '[aeiou]', '*')", "lpad(i, 5, '0')", "instr(s, 'W')",
              "initcap(s)", "reverse(s)", "regexp_extract(s, '(\\\\w+), (\\\\w+)', 2)", "s || 'y'"],
    "numbers": ["round(n, 1)", "floor(n)", "ceil(n)", "abs(n)", "i % 3", "pmod(i, 3)", "i / 4", "i div 4", "sqrt(abs(i))",
                "power(i, 2)", "greatest(i, 5)", "least(n, 1)", "sign(n)", "bround(2.5)", "i & 6", "-i", "hex(i)"],
    "times": ["year(at)", "month(at)", "dayofmonth(at)", "hour(at)", "minute(at)", "second(at)", "to_date(at)",
              "date_add(to_date(at), 30)", "datediff(to_date(at), DATE'2000-01-01')", "date_format(at, 'yyyy/MM/dd HH:mm')",
              "date_trunc('HOUR', at)", "unix_timestamp(at)", "at + INTERVAL 1 DAY", "last_day(to_date(at))", "dayofweek(at)"],
    "nested": ["size(list)", "list[0]", "array_contains(list, 2)", "sort_array(list)", "array(i, i + 1)", "map('k', i)",
               "named_struct('a', i, 'b', s)", "to_json(struct(i, list))", "element_at(list, -1)", "transform(list, x -> x * 2)",
               "filter(list, x -> x > 1)", "exists(list, x -> x = 3)", "aggregate(list, 0, (a, x) -> a + x)"],
}
for title, expressions in groups.items():
    if title == "nested":
        source = stream.where("size(list) > 0")
    else:
        source = stream
    frame = source.select(*(F.expr(text).alias(f"c{n}") for n, text in enumerate(expressions)))
    scene.now(frame.writeStream.format("memory").queryName(title))
    types = dict(spark.table(title).dtypes)
    print("--", title)
    for n, text in enumerate(expressions):
        values = sorted(str(row[0]) for row in spark.table(title).select(f"c{n}").collect())
        print(f"  {text}: {types[f'c{n}']}: {values}")
