"""The hidden column _metadata of files, of batches and streams, whole and by field."""
import scene
from pyspark.sql import functions as F

spark = scene.session()
scene.put("in/k=1/a b%.csv", "1\n2\n")
scene.put("in/k=2/c.csv", "3\n")
frame = spark.read.schema("v INT").csv(scene.path("in"))
print(frame.columns, frame.select("v", "_metadata.*").columns)
frame.select("_metadata").printSchema()
whole = "file_path", "file_name", "file_size", "file_block_start", "file_block_length", "file_modification_time"
for row in frame.select("v", "_metadata").orderBy("v").collect():
    print(row.v, [scene.clean(str(row._metadata[name])) for name in whole])
scene.rows("filtered", frame.where("_metadata.file_size > 2").select("v", "k"))
scene.rows("grouped", frame.groupBy(F.col("_metadata.file_name").alias("name")).agg(F.sum("v").alias("sum")))
scene.rows("its own column", frame.withColumn("_metadata", F.lit(1)).select("_metadata"))
scene.attempt("no such field", lambda: frame.select("_metadata.row_index").collect())
spark.range(5).coalesce(1).write.parquet(scene.path("parquet"))
scene.rows("rows of parquet", spark.read.parquet(scene.path("parquet")).select("id", "_metadata.row_index"))
stream = spark.readStream.schema("v INT").csv(scene.path("in"))
query = (stream.select("v", "_metadata.file_name", F.col("_metadata.file_modification_time").alias("at"))
         .writeStream.format("memory").queryName("t").start())
scene.drain(query, "stream", spark)
scene.put("in/k=1/d.csv", "4\n")
scene.drain(query, "one more", spark)
query.stop()
