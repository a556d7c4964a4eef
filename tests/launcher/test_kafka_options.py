"""Client properties, command lines and record formats of `sluice kafka`, without a broker."""
import argparse
import importlib
import re

import pytest

import running
from sluice.kafka import arguments, command, groups, offsets, topics
from sluice.kafka.client_properties import to_client_properties
from sluice.kafka.failure import Failure
from sluice.kafka.records import LineFormat, deserializer

JAAS = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="p\\"; w\\\\";'


@pytest.mark.parametrize("role, java, client", [
    ("admin", {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-256", "sasl.jaas.config": JAAS},
     {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-256", "sasl.username": "u", "sasl.password": 'p"; w\\'}),
    ("admin", {"sasl.jaas.config": "a.PlainLoginModule required username=u password=p;"},
     {"sasl.username": "u", "sasl.password": "p"}),
    ("consumer", {"ssl.truststore.type": "PEM", "ssl.truststore.location": "ca", "ssl.keystore.type": "PEM",
                  "ssl.keystore.location": "own"},
     {"ssl.ca.location": "ca", "ssl.certificate.location": "own", "ssl.key.location": "own"}),
    ("producer", {"ssl.keystore.type": "PKCS12", "ssl.keystore.location": "own", "ssl.keystore.password": "s"},
     {"ssl.keystore.location": "own", "ssl.keystore.password": "s"}),
    ("admin", {"ssl.endpoint.identification.algorithm": ""}, {"ssl.endpoint.identification.algorithm": "none"}),
    ("consumer", {"fetch.max.wait.ms": "5", "request.timeout.ms": "6", "auto.offset.reset": "none"},
     {"fetch.wait.max.ms": "5", "socket.timeout.ms": "6", "auto.offset.reset": "error"}),
    ("producer", {"max.request.size": "7", "request.timeout.ms": "6"}, {"message.max.bytes": "7", "request.timeout.ms": "6"}),
])
def test_properties(role, java, client):
    assert to_client_properties(java, role) == client


@pytest.mark.parametrize("role, java, words", [
    ("admin", {"no.such": "secret"}, ["no.such", "leave it out"]),
    ("consumer", {"acks": "secret"}, ["'acks'", "producer"]),
    ("admin", {"sasl.jaas.config": "com.sun.security.auth.module.Krb5LoginModule required secret=1;"}, ["ScramLoginModule"]),
    ("admin", {"sasl.jaas.config": 'a.PlainLoginModule required username="secret";'}, ["a username and a password"]),
    ("admin", {"ssl.truststore.location": "secret"}, ["JKS", "ssl.truststore.type"]),
    ("admin", {"ssl.keystore.location": "secret", "ssl.keystore.password": "secret"}, ["JKS", "ssl.keystore.type"]),
    ("admin", {"ssl.truststore.type": "PEM", "ssl.truststore.location": "f", "ssl.truststore.password": "secret"},
     ["ssl.truststore.password"]),
])
def test_properties_without_a_counterpart_are_named(role, java, words):
    with pytest.raises(Failure) as failure:
        to_client_properties(java, role)
    assert all(word in str(failure.value) for word in words) and "secret" not in str(failure.value)


def test_the_engine_has_the_same_properties():
    source = (running.ROOT / "src/connectors/kafka/client_properties.cc").read_text()
    known = re.findall(r'{"([a-z.]+)", "([a-z.]+)", Use::k(\w+)}', source)
    assert len(known) > 30
    # The console client has no transactions.
    roles = {"Both": ["admin", "consumer", "producer"], "Consumer": ["consumer"], "Producer": ["producer"], "Transactions": []}
    for java, client, use in known:
        for role in roles[use]:
            assert to_client_properties({java: "1"}, role) == {client: "1"}


@pytest.mark.parametrize("kind, text, value", [
    (arguments.partitions, "0,2-4", [0, 2, 3, 4]),
    (arguments.timestamp, "1700000000000", 1700000000000),
    (arguments.timestamp, "1970-01-02", 86400000),
    (arguments.timestamp, "1970-01-01T00:00:01.5", 1500),
    (arguments.timestamp, "1970-01-01T01:00:00.000Z", 3600000),
    (arguments.timestamp, "1970-01-01T01:00:00+0100", 0),
    (arguments.duration, "P1DT2H", 93600000),
    (arguments.duration, "PT0.5S", 500),
    (arguments.key_value, "a=b=c", ("a", "b=c")),
])
def test_values(kind, text, value):
    assert kind(text) == value


@pytest.mark.parametrize("kind, text", [
    (arguments.partitions, "1-"), (arguments.timestamp, "yesterday"), (arguments.duration, "P"), (arguments.key_value, "a"),
    (arguments.count, "0"), (arguments.count, "1.5"), (arguments.number, "nan"), (offsets.specification, "-4")])
def test_wrong_values(kind, text):
    with pytest.raises(argparse.ArgumentTypeError):
        kind(text)


def test_actions_as_flags():
    words = ["--bootstrap-server", "h:1", "--create", "--topic", "t"]
    assert arguments.action_first(words, ("--create", "--list")) == ["create", "--bootstrap-server", "h:1", "--topic", "t"]
    assert arguments.action_first(["configs", "t", "--delete", "k"], ("--delete",)) == ["configs", "t", "--delete", "k"]


@pytest.mark.parametrize("run, words, text", [
    (topics.main, ["--list", "--zookeeper", "h"], "--zookeeper is not supported: use --bootstrap-server"),
    (topics.main, ["create"], "name a topic"),
    (topics.main, ["alter", "t", "--partitions", "2", "--config", "a=b"], "topics configs TOPIC --set"),
    (topics.main, ["list", "--nonsense"], "unrecognized arguments: --nonsense"),
    (groups.main, ["--describe"], "name groups, or give --all-groups"),
    (groups.main, ["reset-offsets", "g", "--to-earliest"], "give --topic TOPIC or --all-topics"),
    (groups.main, ["--delete-offsets", "--group", "g", "--topic", "t"], "groups reset-offsets"),
])
def test_wrong_use(run, words, text, capsys):
    with pytest.raises(SystemExit) as ended:
        run(words)
    assert ended.value.code == 2 and text in capsys.readouterr().err


@pytest.mark.parametrize("name", ["topics", "produce", "consume", "offsets", "groups", "dev"])
def test_help(name, capsys):
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"sluice.kafka.{name}").main(["--help"])
    assert ended.value.code == 0 and f"usage: sluice kafka {name}" in capsys.readouterr().out


def test_unknown_command(capsys):
    assert command.main(["nonsense"]) == 2 and "unknown command 'nonsense'" in capsys.readouterr().err
    assert command.main(["kafka-configs.sh"]) == 2 and "topics configs" in capsys.readouterr().err


def test_lines():
    assert LineFormat({}).record(b"a\tb", 1) == (None, b"a\tb", None)
    keyed = LineFormat({"parse.key": "true", "parse.headers": "true", "null.marker": "-"})
    assert keyed.record(b"h:-\t-\tv\tw", 1) == (None, b"v\tw", [("h", None)])
    assert keyed.record(b"\tk\tv", 1) == (b"k", b"v", [])
    with pytest.raises(Failure, match="no key separator in line 3"):
        keyed.record(b"\tk", 3)
    assert LineFormat({"parse.key": "true", "ignore.error": "true"}).record(b"v", 1) == (None, b"v", None)
    with pytest.raises(Failure, match="no property 'parse.keys'"):
        LineFormat({"parse.keys": "true"})


def test_deserializers():
    assert deserializer("org.apache.kafka.common.serialization.LongDeserializer")(b"\0" * 7 + b"\7") == b"7"
    assert deserializer("String")(b"x") == b"x"
    with pytest.raises(Failure, match="4 bytes are no Long"):
        deserializer("Long")(b"1234")
    with pytest.raises(Failure, match="no deserializer 'Avro'"):
        deserializer("Avro")
