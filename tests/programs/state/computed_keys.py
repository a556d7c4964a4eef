"""Keys that are constants, computed or other names of columns: what of them is in the state."""
import scene
from pyspark.sql import functions as F
from stateful import feed, files

spark = scene.session()
scene.os.makedirs(scene.path("in"), exist_ok=True)
rows = spark.readStream.schema("t TIMESTAMP, k STRING, v INT").csv(scene.path("in")).coalesce(1).withWatermark("t", "10 minutes")
keys = [F.window("t", "5 minutes"), F.lit("x").alias("x"), "k", F.col("k").alias("again"), (F.col("v") % 2).alias("odd")]
counts = rows.groupBy(*keys).agg(F.sum("v"), F.max(F.concat(F.lit("x"), "k")).alias("xk"))
feed(counts.select("window.start", *counts.columns[1:]), "in", ["12:00,a,1 12:00,a,2 12:07,b,3", "12:01,a,3 12:02,b,1", "13:00,x,1"])
files("cp_in")
