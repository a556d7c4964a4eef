"""Aggregates of all kinds as they lie in the state, over restarts."""
import json
import re

import scene
from pyspark.sql import functions as F
from stateful import feed

spark = scene.session()
scene.os.makedirs(scene.path("in"), exist_ok=True)
AGGREGATES = """
count(*)
count(v)
count_if(v > 1)
sum(v)
sum(d)
sum(m)
avg(v)
avg(d)
avg(m)
sum(small)
avg(small)
min(v)
max(w)
first(v)
last(v, true)
any_value(w)
min_by(v, d)
max_by(w, v)
bit_and(v)
bit_xor(v)
bool_and(v > 0)
some(v > 3)
stddev(d)
var_pop(d)
skewness(d)
kurtosis(d)
corr(v, d)
covar_samp(v, d)
approx_count_distinct(w, 0.3)
collect_list(v)
sort_array(collect_set(w))
collect_list(named_struct('a', v, 'b', w))
""".split("\n")[1:-1]
rows = spark.readStream.schema("t TIMESTAMP, k STRING, v INT, d DOUBLE, m DECIMAL(20, 2), w STRING, small DECIMAL(5, 2)").csv(scene.path("in")).coalesce(1)
totals = rows.withWatermark("t", "1 minute").groupBy(F.window("t", "1 hour"), "k").agg(*map(F.expr, AGGREGATES))
columns = [f"c{number}" for number in range(len(AGGREGATES))]
totals = totals.toDF("w", "k", *columns)
texts = totals.select("k", *[F.to_json(F.struct(column)).alias(column) for column in columns])
feed(texts, "in", ["12:00,a,1,0.5,1.25,x,1.25 12:01,a,2,1.5,2.50,y,999.99 12:02,,,,,,", "12:03,a,2,,0.01,x,0.01 12:04,,7,7.5,7.00,z,-1"])
feed(texts, "in", ["12:05,a,-3,1e3,99.99,u,", "14:00,b,1,1,1,b,1"])
with open(scene.path("cp_in/state/0/0/_metadata/schema"), "rb") as file:
    schemas = re.findall(r'\{"type":"struct","fields":\[\{.*?\}\]\}(?=[^,}\]"]|$)', file.read().decode("latin1"), re.S)
for field in json.loads(schemas[-1])["fields"]:
    print(field["name"], json.dumps(field["type"]), field["nullable"])
