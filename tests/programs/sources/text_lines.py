"""Text on a stream: lines, other line ends, whole files, and an empty file."""
import scene

spark = scene.session()
scene.put("in/1.txt", "one\ntwo\r\nthree\n")
scene.put("in/2.txt", "")
scene.put("in/3.txt", "no end\n\nafter an empty line")
lines = spark.readStream.text(scene.path("in"))
lines.printSchema()
scene.now(lines.writeStream.format("memory").queryName("lines"))
scene.rows("lines", spark.table("lines"))
whole = spark.readStream.option("wholetext", True).text(scene.path("in"))
scene.now(whole.selectExpr("length(value) AS length").writeStream.format("memory").queryName("whole"))
scene.rows("whole files", spark.table("whole"))
parted = spark.readStream.option("lineSep", "t").format("text").load(scene.path("in"))
scene.now(parted.writeStream.format("memory").queryName("parted"))
print(sorted(repr(row.value) for row in spark.table("parted").collect()))
