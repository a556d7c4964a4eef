"""Which output mode goes with which query and sink."""
import scene

spark = scene.session()
scene.put("in/1.csv", "a,1\nb,2\na,3\n")
stream = spark.readStream.schema("k STRING, v INT").csv(scene.path("in"))
counts = stream.groupBy("k").count()


def start(frame, kind, mode, **options):
    def action():
        writer = frame.writeStream.format(kind).outputMode(mode).queryName(f"{kind}_{mode}".lower()).options(**options)
        writer.option("checkpointLocation", scene.path("checkpoints", kind, mode)).trigger(availableNow=True)
        query = writer.start(scene.path("out", kind)) if kind in ("parquet", "csv", "json", "text") else writer.start()
        query.awaitTermination()

    return action


for mode in ("append", "update", "complete", "Append", "UPDATE", "every"):
    scene.attempt(f"rows {mode}", start(stream, "noop", mode))
    scene.attempt(f"counts {mode}", start(counts, "noop", mode))
for mode in ("update", "complete"):
    scene.attempt(f"file sink {mode}", start(counts, "parquet", mode))
scene.attempt("sort in complete mode", start(counts.orderBy("k"), "noop", "complete"))
scene.attempt("sort in update mode", start(counts.orderBy("k"), "noop", "update"))
scene.attempt("sort of rows", start(stream.orderBy("k"), "noop", "append"))
