"""foreachBatch under spark-submit: what the function prints and what the program prints stay in order."""
import os
import shutil
import tempfile

from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local[2]").appName("batches").getOrCreate()
folder = tempfile.mkdtemp()
os.makedirs(folder + "/in")
for n in range(3):
    with open(f"{folder}/in/{n}.csv", "w") as file:
        file.write(f"{n},a\n{n},b\n")
    os.utime(f"{folder}/in/{n}.csv", (1700000000 + n, 1700000000 + n))


def handle(batch, number):
    print("batch", number, batch.count(), sorted(row.k for row in batch.collect()))
    batch.orderBy("k").show()


stream = spark.readStream.schema("n INT, k STRING").option("maxFilesPerTrigger", 1).csv(folder + "/in")
print("start")
query = stream.writeStream.foreachBatch(handle).trigger(availableNow=True).start()
query.awaitTermination()
print("end", query.isActive)
shutil.rmtree(folder)
