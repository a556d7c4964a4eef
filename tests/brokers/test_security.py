"""Reading and writing with TLS and SASL, and what is said when the broker refuses."""
import time

import pytest

from own_brokers import PASSWORDS, WAYS, jaas

# Far less than the client's own times, of one and two minutes.
SOON_SECONDS = 25


@pytest.mark.parametrize("way", WAYS[1:])
def test_written_and_read(spark, broker, tmp_path, way):
    topic, copy = broker.topic(2), broker.topic(2)
    rows = spark.range(500).selectExpr("concat('k', id) AS key", "concat('v', id) AS value", "int(id % 2) AS partition")
    rows.write.format("kafka").options(**broker.options(way)).option("topic", topic).save()
    read = spark.readStream.format("kafka").options(**broker.options(way)).option("subscribe", topic).option("startingOffsets", "earliest")
    query = (read.load().select("key", "value", "partition").writeStream.format("kafka").options(**broker.options(way))
             .option("topic", copy).option("checkpointLocation", tmp_path / "checkpoint").trigger(availableNow=True).start())
    query.awaitTermination()

    def contents(name, by):
        frame = spark.read.format("kafka").options(**broker.options(by)).option("subscribe", name).load()
        return sorted(map(tuple, frame.selectExpr("string(key)", "string(value)", "partition").collect()))

    wanted = sorted((f"k{n}", f"v{n}", n % 2) for n in range(500))
    assert contents(topic, "PLAINTEXT") == contents(topic, way) == contents(copy, way) == wanted


def refusals(broker):
    """What is wrong -> the options, and words of the error."""
    strange = {"ssl__truststore__location": broker.path("other-ca.pem")}
    return {
        "password": (broker.options("PLAIN", sasl__jaas__config=jaas("PLAIN", "wrong-secret")), "Authentication failed"),
        "scram password": (broker.options("SCRAM-SHA-256", sasl__jaas__config=jaas("SCRAM-SHA-256", "wrong-secret")),
                           "Authentication failed"),
        "mechanism": (broker.options("PLAIN", sasl__mechanism="SCRAM-SHA-512"), "SASL"),
        "authority": (broker.options("TLS", **strange), "certificate verify failed"),
        "client certificate": (broker.options("TLS", ssl__keystore__location=broker.path("stranger.pem")), "certificate"),
    }


@pytest.mark.parametrize("wrong", ["password", "scram password", "mechanism", "authority", "client certificate"])
@pytest.mark.parametrize("action", ["read", "stream", "write"])
def test_refused(spark, broker, tmp_path, action, wrong):
    options, words = refusals(broker)[wrong]
    topic = broker.topic()
    begin = time.monotonic()
    with pytest.raises(Exception) as failure:
        if action == "read":
            spark.read.format("kafka").options(**options).option("subscribe", topic).load().collect()
        elif action == "write":
            spark.range(3).selectExpr("string(id) AS value").write.format("kafka").options(**options).option("topic", topic).save()
        else:
            stream = spark.readStream.format("kafka").options(**options).option("subscribe", topic).load()
            stream.writeStream.format("noop").option("checkpointLocation", tmp_path / "checkpoint").start().awaitTermination()
    text = str(failure.value)
    assert options["kafka.bootstrap.servers"] in text and words in text
    assert not any(secret in text for secret in ("wrong-secret", *PASSWORDS.values()))
    assert time.monotonic() - begin < SOON_SECONDS
