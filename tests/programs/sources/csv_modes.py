"""Malformed CSV in each mode; a rejected row stops the query with mode FAILFAST."""
import scene

spark = scene.session()
scene.put("in/1.csv", "1,2024-01-01,ok\nx,2024-01-02,bad number\n3,not a day,bad day\n4\n5,2024-01-05,ok,extra\n")


def read(mode, schema, **options):
    return spark.readStream.schema(schema).options(mode=mode, **options).csv(scene.path("in"))


for mode in ("PERMISSIVE", "DROPMALFORMED"):
    scene.now(read(mode, "n INT, d DATE, t STRING").writeStream.format("memory").queryName(mode.lower()))
    scene.rows(mode, spark.table(mode.lower()))
kept = read("PERMISSIVE", "n INT, d DATE, t STRING, _broken STRING", columnNameOfCorruptRecord="_broken")
scene.now(kept.writeStream.format("memory").queryName("kept"))
scene.rows("corrupt records kept", spark.table("kept"))
query = read("FAILFAST", "n INT, d DATE, t STRING").writeStream.format("noop").trigger(availableNow=True).start()
try:
    query.awaitTermination()
except Exception as error:
    print(type(error).__name__, error.getCondition(), "MALFORMED_RECORD_IN_PARSING" in str(error))
print(query.isActive, query.exception() is not None)
