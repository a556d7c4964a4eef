"""The rate source: its schema, values without gaps, an even spacing of timestamps."""
import scene

spark = scene.session()
stream = spark.readStream.format("rate").option("rowsPerSecond", 50).option("numPartitions", 2).load()
stream.printSchema()
print(stream.isStreaming, stream.columns)
query = stream.writeStream.format("memory").queryName("ticks").start()
while not (query.lastProgress and query.lastProgress.numInputRows and spark.table("ticks").count() >= 50):
    query.processAllAvailable()
query.stop()
values = [row.value for row in spark.table("ticks").orderBy("value").collect()]
print(values == list(range(len(values))), len(values) % 50)
gaps = spark.sql("SELECT DISTINCT unix_millis(b.timestamp) - unix_millis(a.timestamp) AS gap "
                 "FROM ticks a JOIN ticks b ON b.value = a.value + 1")
print(gaps.collect())
