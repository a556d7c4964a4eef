"""Files that arrive while the query runs: each is read once; maxFilesPerTrigger cuts the batches."""
import scene

spark = scene.session()
scene.put("in/a.csv", "1\n")
stream = spark.readStream.schema("n INT").option("maxFilesPerTrigger", 2).csv(scene.path("in"))
query = stream.writeStream.format("memory").queryName("seen").start()
scene.drain(query, "one file", spark)
for i in range(2, 7):
    scene.put(f"in/{i}.csv", f"{i}\n")
scene.put("in/_hidden.csv", "100\n")
scene.put("in/.hidden.csv", "101\n")
scene.drain(query, "five more", spark)
scene.put("in/a.csv", "1\n7\n")
scene.drain(query, "a changed file is not read again", spark)
print(sum(progress.numInputRows for progress in query.recentProgress))
print(max(progress.numInputRows for progress in query.recentProgress) <= 2)
query.stop()
