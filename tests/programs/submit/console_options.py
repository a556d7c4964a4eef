"""The console sink: truncated and whole texts, more rows than shown, empty batches, several batches, update mode."""
import os
import shutil
import tempfile

from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", "1").getOrCreate()
folder = tempfile.mkdtemp()
os.makedirs(folder + "/in")
for n in range(3):
    with open(f"{folder}/in/{n}.txt", "w") as file:
        file.write("".join(f"line {n}.{i} {'long ' * (i % 3 * 4)}\n" for i in range(10)))
    os.utime(f"{folder}/in/{n}.txt", (1700000000 + n, 1700000000 + n))
lines = spark.readStream.option("maxFilesPerTrigger", 1).text(folder + "/in")


def show(frame, mode="append", **options):
    print("--", mode, options, flush=True)
    writer = frame.writeStream.format("console").outputMode(mode).options(**options).trigger(availableNow=True)
    writer.start().awaitTermination()


show(lines)
show(lines, truncate="false", numRows="3")
show(lines.where("value LIKE '%1.2%'"))
show(lines.selectExpr("substring(value, 6, 1) AS file", "length(value) AS n").groupBy("file").max("n"), "update")
show(lines.selectExpr("substring(value, 6, 1) AS file").groupBy("file").count().orderBy("file"), "complete", numRows="1")
show(lines.selectExpr("struct(value AS v, 1 AS n) AS s", "array(1, 2) AS a", "map('k', CAST(NULL AS INT)) AS m", "X'4142' AS b"),
     numRows="1", truncate="false")
spark.stop()
shutil.rmtree(folder)
