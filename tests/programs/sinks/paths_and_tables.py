"""Where a stream may be written: a path given twice, tables that are there already, views, formats that take no streams."""
import scene

spark = scene.session()
for number in range(3):
    scene.put(f"in/{number}.json", "".join(f'{{"a":{number * 3 + row},"b":"x{row}"}}\n' for row in range(3)))


def stream():
    return spark.readStream.schema("a INT, b STRING").option("maxFilesPerTrigger", 1).json(scene.path("in"))


def to_table(name, number, **options):
    writer = stream().writeStream.option("checkpointLocation", scene.path(f"checkpoint-{number}")).trigger(availableNow=True)
    writer.toTable(name, **options).awaitTermination()
    scene.rows(name, spark.table(name))


for name in ("new_table", "made_table"):
    spark.sql(f"DROP TABLE IF EXISTS {name}")
to_table("new_table", 1, partitionBy="b")
to_table("new_table", 2)
spark.sql("CREATE TABLE made_table (a INT, b STRING) USING json")
to_table("made_table", 3, format="json")
scene.attempt("another format", lambda: to_table("made_table", 4))
spark.range(1).createOrReplaceTempView("a_view")
scene.attempt("a view", lambda: to_table("a_view", 5))
for name in ("new_table", "made_table"):
    spark.sql(f"DROP TABLE {name}")

writer = stream().writeStream.format("json").option("checkpointLocation", scene.path("checkpoint-6"))
scene.attempt("path twice", lambda: writer.option("path", scene.path("one")).start(scene.path("two")))
spark.conf.set("spark.sql.legacy.pathOptionBehavior.enabled", "true")
scene.now(writer, scene.path("two"))
print(len(scene.names("two")) > 0, scene.path("one") in scene.names("."))
spark.conf.unset("spark.sql.legacy.pathOptionBehavior.enabled")

writer = stream().select("b").writeStream.format("json").partitionBy("b")
scene.now(writer.option("checkpointLocation", scene.path("checkpoint-7")), scene.path("folders"))
scene.rows("only partition columns", spark.read.json(scene.path("folders")))
for number in range(3):
    with open(scene.path("folders", f"b=x{number}", sorted(scene.os.listdir(scene.path("folders", f"b=x{number}")))[-1])) as file:
        print(repr(file.read()))

for name in ("rate", "jdbc"):
    scene.attempt(name, lambda name=name: stream().writeStream.format(name).option("checkpointLocation", scene.path("c")).start())
