"""Sorted results in complete mode, and what progress counts of the aggregation below the sort."""
import scene

spark = scene.session()
scene.put("in/1.csv", "a,1\nb,2\nc,2\na,5\n")
stream = spark.readStream.schema("k STRING, v INT").csv(scene.path("in"))


def run(name, frame):
    query = frame.writeStream.outputMode("complete").format("memory").queryName(name).start()
    query.processAllAvailable()
    print("--", name, [tuple(row) for row in spark.table(name).collect()])
    for operator in query.lastProgress["stateOperators"]:
        print("  ", operator["operatorName"], "total", operator["numRowsTotal"], "updated", operator["numRowsUpdated"],
              "partitions", operator["numShufflePartitions"], "instances", operator["numStateStoreInstances"])
    query.stop()


counts = stream.groupBy("k").count()
run("sorted", counts.orderBy("k"))
run("sorted_with_limit", counts.orderBy("k").limit(2))
run("having", counts.where("count > 1").orderBy("k"))
run("deduplicated", stream.dropDuplicates(["v"]).groupBy("k").count().orderBy("k"))
run("in_partitions", counts.where("k = 'a'").sortWithinPartitions("count"))
spark.conf.set("spark.sql.shuffle.partitions", "1")
run("one_partition", counts.orderBy("k"))
