"""Checkpoints that are damaged or belong to another query."""
import json
import os

import scene

spark = scene.session()
stream = spark.readStream.schema("n INT").csv(scene.path("in"))


def run(name, frame=stream):
    query = frame.writeStream.format("noop").option("checkpointLocation", scene.path(name)).trigger(availableNow=True).start()
    query.awaitTermination()
    return query


def damage(name, file, text, attempt=scene.attempt):
    run(name)
    for target in (os.path.join(name, file), os.path.join(name, os.path.dirname(file), f".{os.path.basename(file)}.crc")):
        if os.path.exists(scene.path(target)):
            os.remove(scene.path(target))
    if text is not None:
        with open(scene.path(name, file), "w") as changed:
            changed.write(text)
    attempt(f"{file} := {text!r}", lambda: run(name))


def kind(title, action):
    """Prints what kind of error it is: where Spark shows what its JSON library says, the text names no file."""
    try:
        action()
        print(f"-- {title}: no error")
    except Exception as error:
        print(f"-- {title}: {type(error).__name__} {error.getCondition()}")


scene.put("in/1.csv", "1\n")
print(json.load(open(run("good") and scene.path("good/metadata"))).keys())
damage("offsets_empty", "offsets/0", "")
damage("offsets_version", "offsets/0", "v99\n{}\n")
damage("offsets_garbage", "offsets/0", "v1\nnot json\n-", kind)
damage("commit_garbage", "commits/0", "hello")
damage("metadata_garbage", "metadata", "{", kind)
damage("metadata_missing", "metadata", None)
damage("sources_garbage", "sources/0/0", "v1\nxx")
