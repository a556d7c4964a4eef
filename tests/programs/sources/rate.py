"""The rate source: its schema, values without gaps, an even spacing of timestamps."""
import scene

spark = scene.session()
stream = spark.readStream.format("rate").option("rowsPerSecond", 50).option("numPartitions", 2).load()
stream.printSchema()
print(stream.isStreaming, stream.columns)
query = stream.writeStream.format("memory").queryName("ticks").start()
while spark.table("ticks").count() < 50:
    query.awaitTermination(0.2)
query.stop()
rows = spark.table("ticks").orderBy("value").collect()
print([row.value for row in rows] == list(range(len(rows))), len(rows) % 50)
print({(b.timestamp - a.timestamp).total_seconds() for a, b in zip(rows, rows[1:])})
