"""The memory source, which Spark has in Scala only: rows added while streams run, restarts, limits, refusals."""
import pytest
from pyspark.errors import PySparkException
from sluice.testing import MemoryStream


def started(frame, name, checkpoint=None, trigger=None):
    writer = frame.writeStream.format("memory" if name else "noop")
    writer = writer.queryName(name) if name else writer.option("checkpointLocation", checkpoint)
    return (writer.trigger(**trigger) if trigger else writer).start()


def test_rows_come_in_their_order(spark):
    stream = MemoryStream(spark, "id INT, text STRING")
    stream.add((1, "a"), (2, None))
    query = started(stream.frame(), "ordered")
    query.processAllAvailable()
    assert spark.table("ordered").collect() == [(1, "a"), (2, None)]
    for number in range(3, 40):
        stream.add((number, str(number)))
    query.processAllAvailable()
    query.stop()
    assert [row.id for row in spark.table("ordered").collect()] == list(range(1, 40))
    assert spark.read.format("memory").load(stream.name).count() == 39


def test_two_queries_read_the_same_rows(spark):
    stream = MemoryStream(spark, "id INT")
    queries = [started(stream.frame(), name) for name in ("one", "other")]
    stream.add((7,))
    for query in queries:
        query.processAllAvailable()
        assert spark.table(query.name).collect() == [(7,)]
        query.stop()


def test_limit_and_available_now(spark):
    stream = MemoryStream(spark, "id BIGINT")
    spark.range(25).write.format("memory").mode("append").save(stream.name)
    query = started(stream.frame(maxRowsPerTrigger=10), "limited", trigger={"availableNow": True})
    query.awaitTermination()
    assert [progress.numInputRows for progress in query.recentProgress if progress.numInputRows] == [10, 10, 5]
    assert query.recentProgress[0].sources[0].description == f"MemoryStream[{stream.name}]"
    assert [row.id for row in spark.table("limited").collect()] == list(range(25))


def test_goes_on_from_a_checkpoint(spark, tmp_path):
    stream = MemoryStream(spark, "id INT")
    read = []
    for added in ([1, 2], [], [3]):
        stream.add(*[(number,) for number in added])
        query = started(stream.frame(), None, str(tmp_path / "checkpoint"), {"availableNow": True})
        query.awaitTermination()
        read.append(sum(progress.numInputRows for progress in query.recentProgress))
    assert read == [2, 0, 1]


def test_rows_that_the_server_has_forgotten(spark, tmp_path):
    stream = MemoryStream(spark, "id INT")
    stream.add((1,), (2,))
    checkpoint = str(tmp_path / "checkpoint")
    started(stream.frame(), None, checkpoint, {"availableNow": True}).awaitTermination()
    query = started(MemoryStream(spark, "id INT").frame(), None, checkpoint)
    with pytest.raises(PySparkException, match="has 0 rows, and the checkpoint asks for the first 2"):
        query.awaitTermination()


def test_refusals(spark):
    stream = MemoryStream(spark, "id INT")
    stream.add((1,))
    one = spark.createDataFrame([("x",)], "id STRING")
    for action, says in (
        (lambda: one.write.format("memory").mode("append").save(stream.name), "has the columns struct<id:int>"),
        (lambda: spark.range(1).write.format("memory").mode("overwrite").save(stream.name), "NOT_IN_SLUICE"),
        (lambda: spark.range(1).write.format("memory").save(stream.name), "There is a memory stream"),
        (lambda: spark.readStream.format("memory").load("nobody").schema, "There is no memory stream nobody"),
        (lambda: spark.readStream.format("memory").load().schema, "needs a name"),
        (lambda: stream.frame(maxRowsPerTrigger=0).schema, "must be positive"),
    ):
        with pytest.raises(PySparkException, match=says):
            action()
