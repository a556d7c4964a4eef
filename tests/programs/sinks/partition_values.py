"""Folders of partition values of all types, maxRecordsPerFile, dynamic overwrite, and a sink's folder read in several ways."""
import scene

spark = scene.session(spark__sql__session__timeZone="Europe/Berlin")
columns = ["CAST(1.5 AS DOUBLE) d", "CAST(1e20 AS DOUBLE) big", "CAST(0.1 AS FLOAT) f", "CAST(12.50 AS DECIMAL(6,2)) m", "true b",
           "DATE '2024-02-29' day", "CAST('2024-07-01 12:30:00' AS TIMESTAMP) at", "CAST('2024-07-01 12:30:00.25' AS TIMESTAMP) fine",
           "CAST(7 AS TINYINT) y", "CAST(NULL AS INT) n", "'' e", "'a/b=c%d:\"e\"*?\\\\{[]^\\'#' s", "'köln x' u",
           "TIMESTAMP_NTZ '2024-07-01 12:30:00' z"]
for column in columns:
    name = column.rsplit(" ", 1)[1]
    frame = spark.sql(f"SELECT 1 v, {column}")
    frame.coalesce(1).write.partitionBy(name).json(scene.path("types", name))
    back = spark.read.json(scene.path("types", name))
    print(scene.names(f"types/{name}"), back.dtypes[-1][1], back.selectExpr(f"CAST({name} AS STRING)").first()[0])
spark.conf.set("spark.sql.session.timeZone", "UTC")
frame = spark.range(0, 10, 1, 1).selectExpr("id", "id % 3 AS k", "id % 2 AS l")
frame.write.partitionBy("k", "l").option("maxRecordsPerFile", 1).json(scene.path("many"))
print(scene.names("many"))
scene.rows("many", spark.read.json(scene.path("many")).where("k = 1 AND l = 1"))
frame.write.option("maxRecordsPerFile", 4).json(scene.path("plain"))
print(scene.names("plain"))
replaced = spark.sql("SELECT 100 id, 1 k, 1 l")
replaced.write.mode("overwrite").option("partitionOverwriteMode", "dynamic").partitionBy("k", "l").json(scene.path("many"))
scene.rows("overwritten in part", spark.read.json(scene.path("many")))
replaced.write.mode("overwrite").partitionBy("k", "l").json(scene.path("many"))
scene.rows("overwritten whole", spark.read.json(scene.path("many")))
scene.attempt("all columns", lambda: frame.write.partitionBy("id", "k", "l").json(scene.path("none")))
scene.attempt("no such column", lambda: frame.write.partitionBy("x").json(scene.path("none")))
for i in range(3):
    scene.put(f"in/{i}.csv", "".join(f"{n},{n % 4},{'' if n % 3 else n % 5}\n" for n in range(i * 10, i * 10 + 10)))
stream = spark.readStream.schema("n INT, p INT, q STRING").option("maxFilesPerTrigger", 1).csv(scene.path("in"))
writer = (stream.writeStream.format("parquet").partitionBy("p", "q").option("maxRecordsPerFile", 2)
          .option("checkpointLocation", scene.path("checkpoint")))
scene.now(writer, scene.path("out"))
back = spark.read.parquet(scene.path("out"))
print(back.dtypes, back.count())
scene.rows("p = 1", back.where("p = 1"))
print(spark.read.option("basePath", scene.path("out")).parquet(scene.path("out/p=[12]/*")).groupBy("p").count().orderBy("p").collect())
again = spark.readStream.schema(back.schema).parquet(scene.path("out"))
query = again.where("q IS NULL").writeStream.format("memory").queryName("again").start()
scene.drain(query, "the sink's folder as a stream", spark)
query.stop()
