"""Configuration: defaults, checks of values, static and unknown keys, SET and RESET, deprecated keys."""
import warnings

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

warnings.simplefilter("always")
spark = SparkSession.builder.config("spark.sql.shuffle.partitions", "3").config("spark.executor.memory", "1g").getOrCreate()


def attempt(what, call):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            result = call()
        except PySparkException as error:
            result = f"{type(error).__name__} {error.getCondition()}: {str(error).splitlines()[0]}"
    print(what, "->", result)
    for warning in seen:
        print("  warning:", warning.message)


for key in ("spark.sql.shuffle.partitions", "spark.sql.adaptive.enabled", "spark.sql.autoBroadcastJoinThreshold",
            "spark.sql.broadcastTimeout", "spark.sql.files.maxPartitionBytes", "spark.sql.execution.arrow.useLargeVarTypes",
            "spark.sql.streaming.stateStore.stateSchemaCheck", "spark.sql.optimizer.excludedRules", "spark.sql.mapKeyDedupPolicy",
            "spark.sql.session.localRelationCacheThreshold", "spark.sql.nope", "nope", "spark.serializer"):
    attempt(f"get {key}", lambda: spark.conf.get(key))
    attempt(f"get {key} or x", lambda: spark.conf.get(key, "10"))
    attempt(f"modifiable {key}", lambda: spark.conf.isModifiable(key))

for key, value in (("spark.sql.shuffle.partitions", 0), ("spark.sql.shuffle.partitions", "many"), ("spark.sql.ansi.enabled", "maybe"),
                   ("spark.sql.files.maxPartitionBytes", "10 wx"), ("spark.sql.files.maxPartitionBytes", "10mb"),
                   ("spark.sql.broadcastTimeout", "soon"), ("spark.sql.mapKeyDedupPolicy", "first"),
                   ("spark.sql.mapKeyDedupPolicy", "last_win"), ("spark.sql.session.timeZone", "Mars/Base"),
                   ("spark.sql.warehouse.dir", "/w"), ("spark.executor.memory", "2g"), ("spark.nope", "1"),
                   ("spark.sql.adaptive.shuffle.targetPostShuffleInputSize", "64MB")):
    attempt(f"set {key}={value}", lambda: spark.conf.set(key, value))
    attempt(f"  then", lambda: spark.conf.get(key, "none") if key != "spark.sql.warehouse.dir" else "a folder")

attempt("unset static", lambda: spark.conf.unset("spark.sql.warehouse.dir"))
spark.conf.unset("spark.sql.mapKeyDedupPolicy")
attempt("unset", lambda: spark.conf.get("spark.sql.mapKeyDedupPolicy"))
for statement in ("SET spark.sql.shuffle.partitions=9", "SET spark.sql.shuffle.partitions", "SET spark.nope.at.all",
                  "SET spark.my.password=secret", "SET spark.my.password", "SET TIME ZONE 'Asia/Tokyo'",
                  "SET spark.sql.session.timeZone", "SET spark.sql.ansi.enabled=perhaps", "RESET spark.sql.shuffle.partitions",
                  "SET spark.sql.shuffle.partitions"):
    attempt(statement, lambda: spark.sql(statement).collect())
