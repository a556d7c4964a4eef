"""Python files, archives and plain files that a session takes with it to its functions."""
import os
import zipfile

import scene
from pyspark.sql import SparkSession, functions as F

spark = scene.session()
scene.put("lib/adding.py", "def add(n):\n    return n + 100\n")
with zipfile.ZipFile(scene.path("pack.zip"), "w") as pack:
    pack.writestr("packed/__init__.py", "NAME = 'packed'\n")
scene.put("data.txt", "from a file")
spark.addArtifacts(scene.path("lib/adding.py"), scene.path("pack.zip"), pyfile=True)
spark.addArtifacts(scene.path("data.txt"), file=True)


@F.udf("string")
def use(n):
    from adding import add
    from packed import NAME
    from pyspark import SparkFiles

    with open(SparkFiles.get("data.txt")) as data:
        return f"{NAME} {add(n)} {data.read()}"


print(spark.range(2).select(use("id").alias("used")).collect())
with zipfile.ZipFile(scene.path("tree.zip"), "w") as tree:
    tree.writestr("inner/word.txt", "unpacked")
spark.addArtifacts(scene.path("tree.zip") + "#tree", archive=True)


@F.udf("string")
def from_archive(n):
    from pyspark import SparkFiles

    with open(os.path.join(SparkFiles.getRootDirectory(), "tree", "inner", "word.txt")) as word:
        return word.read()


print(spark.range(1).select(from_archive("id").alias("word")).collect())
scene.attempt("the same name with other content", lambda: (scene.put("lib/adding.py", "def add(n):\n    return n\n"),
                                                           spark.addArtifacts(scene.path("lib/adding.py"), pyfile=True)))
scene.attempt("a file that is not there", lambda: spark.addArtifacts(scene.path("none.py"), pyfile=True))
other = SparkSession.builder.create()


def in_other():
    return other.range(1).select(use("id")).collect()


try:
    in_other()
except Exception as error:
    print(type(error).__name__, error.getCondition(), "No module named 'adding'" in str(error))
other.stop()
