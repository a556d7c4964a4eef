"""The file sink with partitionBy: one folder a value, read back with the partition as a column."""
import scene

spark = scene.session()
scene.put("in/1.csv", "1,red,2024-01-01\n2,blue,2024-01-01\n3,red,2024-01-02\n4,,2024-01-02\n5,a b/c,2024-01-03\n")
stream = spark.readStream.schema("id INT, colour STRING, day DATE").csv(scene.path("in"))
writer = stream.writeStream.format("json").partitionBy("colour", "day").option("checkpointLocation", scene.path("checkpoint"))
scene.now(writer, scene.path("out"))
print(sorted({name.rsplit("/", 1)[0] for name in scene.names("out") if "=" in name}))
back = spark.read.json(scene.path("out"))
back.printSchema()
scene.rows("all", back)
scene.rows("one colour", back.where("colour = 'red'").select("id", "day"))
