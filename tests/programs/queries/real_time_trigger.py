"""trigger(realTime=…): what it takes and what it refuses."""
import scene
from pyspark.errors import PySparkException

spark = scene.session()
stream = spark.readStream.format("rate").load()
for duration in ("5 seconds", "1 minute", "1 second", "nonsense", "-5 seconds", "1 month"):
    try:
        query = stream.writeStream.format("console").outputMode("update").trigger(realTime=duration).start()
        print(duration, "->", query.isActive)
        query.stop()
    except PySparkException as error:
        print(duration, "->", type(error).__name__, error.getCondition())
        print("  " + str(error).splitlines()[0])
spark.conf.set("spark.sql.streaming.realTimeMode.minBatchDuration", "1s")
query = stream.writeStream.format("console").outputMode("update").trigger(realTime="1 second").start()
print(query.isActive)
query.stop()
