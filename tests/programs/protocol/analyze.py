"""What a client asks of a plan without running it."""
import scene
from pyspark import StorageLevel
from pyspark.sql import functions as F, types as T

spark = scene.session()
scene.put("in/1.csv", "1,a\n2,b\n")
scene.put("in/2.csv", "3,c\n")
frame = spark.read.schema("n INT, s STRING").csv(scene.path("in"))
stream = spark.readStream.schema("n INT, s STRING").csv(scene.path("in"))
print(spark.version, frame.isLocal(), spark.range(2).isLocal(), spark.sql("show databases").isLocal(), stream.isLocal())
print(frame.isStreaming, stream.isStreaming, stream.select("n").isStreaming)
print([scene.clean(name) for name in sorted(frame.inputFiles())], spark.range(3).inputFiles())
print(frame.schema.json())
frame.select("n", F.struct("n", F.array("s").alias("l")).alias("t"), F.create_map("s", "n").alias("m")).printSchema()
nested = frame.select(F.struct("n", F.struct("s").alias("u")).alias("t"))
nested.printSchema(1)
nested.printSchema(2)
print(T.StructType.fromDDL("a INT NOT NULL COMMENT 'one', `b c` ARRAY<MAP<STRING, DECIMAL(5,2)>>, d STRUCT<x: DATE>").simpleString())
print(T.DataType.fromDDL("interval day to second"), T.DataType.fromDDL("a: binary, b timestamp_ntz").simpleString())
scene.attempt("bad DDL", lambda: T.StructType.fromDDL("a INT, b NOSUCH"))
scene.attempt("two columns without a comma", lambda: T.StructType.fromDDL("a INT b INT"))
same, other = frame.select((F.col("n") + 1).alias("m")), frame.select((F.col("n") + 2).alias("m"))
print(same.sameSemantics(frame.select((F.col("n") + 1).alias("k"))), same.sameSemantics(other))
print(same.semanticHash() == frame.select((F.col("n") + 1).alias("k")).semanticHash(), same.semanticHash() == other.semanticHash())
print(frame.storageLevel, frame.is_cached)
frame.persist(StorageLevel.MEMORY_ONLY)
print(frame.storageLevel, frame.count(), frame.is_cached)
frame.unpersist()
print(frame.storageLevel)
print(frame.cache().storageLevel, frame.unpersist(True).storageLevel)
print(frame.columns, frame.dtypes, stream.columns)
for mode in ("simple", "extended", "cost", "formatted"):
    text = frame.where("n > 1")._explain_string(mode=mode) if hasattr(frame, "_explain_string") else ""
    print(mode, [line for line in text.splitlines() if line.startswith("==")])
