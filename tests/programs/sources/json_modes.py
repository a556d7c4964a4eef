"""Malformed JSON in each mode."""
import scene

spark = scene.session()
scene.put("in/1.json", '{"a": 1, "b": "x"}\nnot json\n{"a": "text", "b": "y"}\n{"a": 3\n{"a": 4, "b": 5}\n')


def read(mode, schema, **options):
    return spark.readStream.schema(schema).options(mode=mode, **options).json(scene.path("in"))


for mode in ("PERMISSIVE", "DROPMALFORMED"):
    scene.now(read(mode, "a INT, b STRING").writeStream.format("memory").queryName(mode.lower()))
    scene.rows(mode, spark.table(mode.lower()))
scene.now(read("PERMISSIVE", "a INT, b STRING, _corrupt_record STRING").writeStream.format("memory").queryName("kept"))
scene.rows("corrupt records kept", spark.table("kept"))
query = read("FAILFAST", "a INT, b STRING").writeStream.format("noop").trigger(availableNow=True).start()
try:
    query.awaitTermination()
except Exception as error:
    print(type(error).__name__, error.getCondition(), "MALFORMED_RECORD_IN_PARSING" in str(error))
