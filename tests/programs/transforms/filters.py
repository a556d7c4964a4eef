"""filter and where with texts and Columns: comparison, null logic, in, like, between."""
from pyspark.sql import functions as F

import scene

spark = scene.session()
scene.put("in/1.json", "\n".join([
    '{"n": 1, "s": "apple", "t": true}', '{"n": 2, "s": "Banana", "t": false}', '{"n": null, "s": "cherry", "t": null}',
    '{"n": 4, "s": null, "t": true}', '{"n": -5, "s": "a%b", "t": false}', '{"n": 6, "s": "", "t": null}']))
stream = spark.readStream.schema("n INT, s STRING, t BOOLEAN").json(scene.path("in"))
conditions = {
    "text": "n > 1 AND s IS NOT NULL",
    "column": (F.col("n") >= 2) & ~F.col("t"),
    "either": (F.col("n") < 0) | F.col("t"),
    "null safe": F.col("n").eqNullSafe(None),
    "not equal": F.col("n") != 4,
    "in": "n IN (1, 4, 100)",
    "isin": F.col("s").isin("apple", "cherry"),
    "not in": "n NOT IN (1, NULL)",
    "like": "s LIKE '%an%'",
    "escaped like": r"s LIKE 'a\\%b'",
    "rlike": F.col("s").rlike("^[A-Z]"),
    "between": F.col("n").between(1, 4),
    "starts": F.col("s").startswith("a") | F.col("s").endswith("y") | F.col("s").contains("nan"),
    "is null": F.col("s").isNull(),
    "boolean column": "t",
}
for number, (title, condition) in enumerate(conditions.items()):
    scene.now(stream.filter(condition).writeStream.format("memory").queryName(f"kept{number}"))
    scene.rows(title, spark.table(f"kept{number}"))
scene.now(stream.where("n > 0").where(F.col("s") > "a").writeStream.format("memory").queryName("both"))
scene.rows("two wheres", spark.table("both"))
