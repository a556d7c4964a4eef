"""The file sink with CSV, JSON and text, with the writer's options."""
import scene

spark = scene.session()
scene.put("in/1.json", '{"id": 1, "name": "a;b", "price": 1.5, "day": "2024-01-02"}\n'
          '{"id": 2, "name": null, "price": null, "day": null}\n{"id": 3, "name": "say \\"hi\\"", "price": -3.0, "day": "1970-01-01"}\n')
stream = spark.readStream.schema("id INT, name STRING, price DOUBLE, day DATE").json(scene.path("in"))


def write(name, frame, kind, **options):
    writer = frame.writeStream.format(kind).options(checkpointLocation=scene.path("checkpoints", name), **options)
    scene.now(writer.outputMode("append"), scene.path(name))
    print("--", name)
    for line in sorted(row.value for row in spark.read.text(scene.path(name)).collect()):
        print("  " + line)


write("csv_plain", stream, "csv")
write("csv_options", stream, "csv", sep=";", header="true", nullValue="NULL", dateFormat="dd.MM.yyyy")
write("csv_quoted", stream, "csv", quoteAll="true", emptyValue="EMPTY")
write("json_plain", stream, "json")
write("json_all_fields", stream, "json", ignoreNullFields="false")
write("text_lines", stream.selectExpr("concat_ws('|', id, name) AS value"), "text")
scene.rows("csv read back", spark.read.csv(scene.path("csv_options"), sep=";", header=True, nullValue="NULL"))
scene.rows("json read back", spark.read.schema("id INT, name STRING").json(scene.path("json_plain")))
