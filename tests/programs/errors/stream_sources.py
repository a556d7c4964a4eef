"""Streams that can't start: missing schema, path, format; wrong options."""
import scene

spark = scene.session()
scene.put("in/1.csv", "1\n")
read = spark.readStream
folder = scene.path("in")


def started(stream, **options):
    return lambda: stream().writeStream.format("noop").options(**options).trigger(availableNow=True).start().awaitTermination()


attempts = {
    "csv without schema": lambda: read.csv(folder).schema,
    "json without schema": lambda: read.format("json").load(folder).schema,
    "unknown format": lambda: read.format("nonsense").load(folder).schema,
    "no path": lambda: read.schema("a INT").format("csv").load().schema,
    "missing folder": lambda: read.schema("a INT").csv(scene.path("nowhere")).schema,
    "wrong schema text": lambda: spark.readStream.schema("a WIBBLE").csv(folder).schema,
    "wrong maxFilesPerTrigger": started(lambda: spark.readStream.schema("a INT").option("maxFilesPerTrigger", "many").csv(folder)),
    "zero maxFilesPerTrigger": started(lambda: spark.readStream.schema("a INT").option("maxFilesPerTrigger", 0).csv(folder)),
    "wrong rowsPerSecond": lambda: spark.readStream.format("rate").option("rowsPerSecond", -1).load().schema,
    "rate with a schema": lambda: spark.readStream.schema("a INT").format("rate").load().schema,
    "wrong mode": started(lambda: spark.readStream.schema("a INT").option("mode", "STRICT").csv(folder)),
    "unknown sink": lambda: spark.readStream.schema("a INT").csv(folder).writeStream.format("nonsense").start(),
    "memory without a name": lambda: spark.readStream.schema("a INT").csv(folder).writeStream.format("memory").start(),
    "file sink without a path": lambda: spark.readStream.schema("a INT").csv(folder).writeStream.format("csv").start(),
    "file sink without checkpoint": lambda: spark.readStream.schema("a INT").csv(folder).writeStream.format("csv").start(scene.path("o")),
}
for title, action in attempts.items():
    scene.attempt(title, action)
