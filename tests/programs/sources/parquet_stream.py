"""A stream over Parquet files that a batch job writes: column order and missing columns follow the given schema."""
import scene

spark = scene.session()
rows = [(i, f"name {i}", i / 4, [i, i + 1]) for i in range(6)]
frame = spark.createDataFrame(rows, "id LONG, name STRING, share DOUBLE, list ARRAY<INT>")
frame.coalesce(1).write.parquet(scene.path("in"))
stream = spark.readStream.schema("share DOUBLE, id LONG, missing STRING, list ARRAY<INT>").parquet(scene.path("in"))
scene.now(stream.where("id > 2").writeStream.format("memory").queryName("picked"))
scene.rows("id > 2", spark.table("picked"))
frame.withColumn("id", frame.id + 100).coalesce(1).write.mode("append").parquet(scene.path("in"))
scene.now(stream.where("id >= 104").select("id", "list").writeStream.format("memory").queryName("more"))
scene.rows("id >= 104", spark.table("more"))
