"""HAVING over a streaming aggregation: conditions on groups in every output mode, kept and dropped ones."""
import scene

spark = scene.session()
scene.put("in/1.csv", "a,1,2024-01-01 00:00:05\nb,2,2024-01-01 00:00:06\na,3,2024-01-01 00:00:15\n")
spark.readStream.schema("k STRING, v INT, t TIMESTAMP").csv(scene.path("in")).createOrReplaceTempView("events")
counts = "SELECT k, sum(v) AS s, count(*) AS n FROM events WHERE v > 0 GROUP BY k HAVING count(*) > 1"
for mode in ("complete", "update"):
    query = spark.sql(counts).writeStream.outputMode(mode).format("memory").queryName(f"counts_{mode}").start()
    scene.drain(query, f"{mode}, first", spark)
    scene.put(f"in/{mode}.csv", "c,5,2024-01-01 00:00:20\nb,-5,2024-01-01 00:00:21\nb,8,2024-01-01 00:00:22\n")
    scene.drain(query, f"{mode}, second", spark)
    query.stop()
windows = (spark.table("events").withWatermark("t", "1 second").selectExpr("window(t, '10 seconds') AS w", "v").groupBy("w")
           .sum("v").withColumnRenamed("sum(v)", "s").where("s > 2"))
query = windows.selectExpr("w.start", "s").writeStream.format("memory").queryName("windows").start()
scene.drain(query, "append", spark)
scene.put("in/late.csv", "z,1,2024-01-01 00:01:00\n")
scene.drain(query, "append, after the watermark", spark)
query.stop()
