"""A topic that is deleted under running queries, and comes back under the same name."""
import pytest

from waiting import wait_for

WAYS = ("PLAINTEXT", "PLAIN")


def start(spark, broker, way, folder, **options):
    read = (spark.readStream.format("kafka").options(**broker.options(way)).option("startingOffsets", "earliest").options(**options)
            .load().selectExpr("string(value) AS value"))
    return (read.writeStream.format("parquet").option("checkpointLocation", folder / f"checkpoint-{way}")
            .start(str(folder / f"out-{way}")))


def values(spark, folder, way):
    return sorted(row.value for row in spark.read.parquet(str(folder / f"out-{way}")).collect())


def delete(broker, topic):
    broker.admin.delete_topics([topic], operation_timeout=30)[topic].result()


def test_ends_the_query(spark, broker, tmp_path):
    topic = broker.topic()
    broker.send(topic, [(None, b"old %d" % n) for n in range(5)])
    queries = {way: start(spark, broker, way, tmp_path, subscribe=topic) for way in WAYS}
    for query in queries.values():
        query.processAllAvailable()
    delete(broker, topic)
    for query in queries.values():
        with pytest.raises(Exception, match=f"(?s)UnknownTopicOrPartition.*'{topic}'|KAFKA_DATA_LOSS|may have been lost.*{topic}-0"):
            query.awaitTermination()
    broker.topic(name=topic)
    broker.send(topic, [(None, b"new")])
    for way in WAYS:
        again = start(spark, broker, way, tmp_path, subscribe=topic)
        with pytest.raises(Exception, match=f"(?s)Partition {topic}-0 offset was changed from 5 to 1.*re-created"):
            again.awaitTermination()


def test_goes_on_where_loss_is_allowed(spark, broker, tmp_path):
    topic = broker.topic()
    broker.send(topic, [(None, b"old %d" % n) for n in range(5)])
    queries = {way: start(spark, broker, way, tmp_path, subscribePattern=f"{topic}.*", failOnDataLoss="false") for way in WAYS}
    for query in queries.values():
        query.processAllAvailable()
    delete(broker, topic)
    for query in queries.values():
        wait_for(lambda: topic not in str(query.lastProgress["sources"][0]["endOffset"]), "the topic is not missed")
    broker.topic(name=topic)
    broker.send(topic, [(None, b"new %d" % n) for n in range(3)])
    for way, query in queries.items():
        wait_for(lambda: "new 2" in values(spark, tmp_path, way), "the new topic is not read")
        assert query.exception() is None
        query.stop()
        assert values(spark, tmp_path, way) == [*(f"new {n}" for n in range(3)), *(f"old {n}" for n in range(5))]
