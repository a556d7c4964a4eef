"""Options of file streams: wrong values, ages of files, cached listings, names alone, archive and delete, globs."""
import os
from glob import glob

import scene

spark = scene.session()
for name in "abc":
    scene.put(f"in/{name}.txt", name)


def run(folder="in", checkpoint=None, out=None, **options):
    """Runs over what there is; gives the rows of each batch."""
    stream = spark.readStream.options(**options).text(scene.path(folder))
    writer = stream.writeStream.format("noop" if out is None else "text")
    if checkpoint:
        writer = writer.option("checkpointLocation", scene.path(checkpoint))
    query = scene.now(writer, *([scene.path(out)] if out else []))
    return [progress.numInputRows for progress in query.recentProgress if progress.numInputRows]


for name, value in [("maxFilesPerTrigger", "0"), ("maxFilesPerTrigger", "x"), ("maxFilesPerTrigger", "3000000000"),
                    ("maxBytesPerTrigger", "3g"), ("latestFirst", "yes"), ("fileNameOnly", "1"), ("maxFileAge", "x"),
                    ("maxFileAge", "5x"), ("maxFileAge", "-1s"), ("maxCachedFiles", "-1"), ("discardCachedInputRatio", "2"),
                    ("cleanSource", "x"), ("cleanSource", "archive"), ("modifiedAfter", "2020-01-01T00:00:00"),
                    ("recursiveFileLookup", "maybe"), ("ignoreMissingFiles", "x")]:
    scene.attempt(f"{name}={value}", lambda: run(**{name: value}))
scene.attempt("files and bytes", lambda: run(maxFilesPerTrigger="1", maxBytesPerTrigger="1"))
for folder in ("in/archive", "in", ""):
    scene.attempt(f"archive {folder}", lambda: run(cleanSource="archive", sourceArchiveDir=scene.path(folder)))
print(run(maxFilesPerTrigger="+2"), run(maxFilesPerTrigger="2", maxCachedFiles="0"), run(maxBytesPerTrigger="2"))
print(run(maxFilesPerTrigger="1", latestFirst="TRUE"))
print("glob", run("i*/[ab].txt"), run("{in,none}"), run("nothing*"), run("in", pathGlobFilter="{a,c}.t?t"))
os.makedirs(scene.path("old"))
scene.put("old/new.txt", "new")
print("first", run("old", "ages", "out", maxFileAge="5s"))
for seconds, name in [(-10, "too old"), (-3, "in time")]:
    scene.put(f"old/{name}.txt", name)
    at = os.stat(scene.path("old/new.txt")).st_mtime + seconds
    os.utime(scene.path(f"old/{name}.txt"), (at, at))
print("then", run("old", "ages", "out", maxFileAge="5s"))
scene.rows("by age", spark.read.text(scene.path("out")))
scene.put("x/k=1/same.txt", "1")
scene.put("x/k=2/same.txt", "2")
print("names alone", run("x", fileNameOnly="true", maxFilesPerTrigger="1"))
for i in range(3):
    scene.put(f"clean/{i}.txt", str(i))
print("archive", run("clean", cleanSource="archive", sourceArchiveDir=scene.path("archive"), maxFilesPerTrigger="1"))
scene.put("clean/9.txt", "9")
print("delete", run("clean", cleanSource="delete", maxFilesPerTrigger="1"))
scene.attempt("clean a sink's folder", lambda: run("out", cleanSource="delete"))
