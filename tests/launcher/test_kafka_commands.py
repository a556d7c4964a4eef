"""`sluice kafka` against a real broker, and its in-memory cluster."""
import json
import signal
import uuid

import pytest


class Client:
    """The command, with the broker's address in its environment, and topics and groups of the test's own."""

    def __init__(self, sluice, address):
        self.sluice, self.address = sluice, address

    def start(self, *arguments):
        return self.sluice.start("kafka", *arguments, KAFKA_BOOTSTRAP_SERVERS=self.address)

    def run(self, *arguments, text_in="", status=0):
        done = self.sluice.run("kafka", *arguments, text_in=text_in, KAFKA_BOOTSTRAP_SERVERS=self.address)
        assert done.returncode == status, done.err
        assert "Traceback" not in done.err and "%" not in done.err, done.err
        return done

    def lines(self, *arguments):
        return self.run(*arguments).out.splitlines()

    def name(self, beginning):
        return f"{beginning}-{uuid.uuid4().hex[:8]}"

    def topic(self, *records, partitions=1):
        """A fresh topic with these lines as records; `key:value` has a key."""
        name = self.name("topic")
        self.run("topics", "create", name, "--partitions", partitions, "--config", "retention.ms=-1")
        if records:
            self.run("produce", name, "--key-separator", ":", text_in="".join(f"{record}\n" for record in records))
        return name


@pytest.fixture
def client(sluice, kafka):
    return Client(sluice, kafka)


def test_topics_come_grow_and_go(client):
    name = client.name("orders")
    assert client.lines("topics", "create", name, "--partitions", 2, "--config", "retention.ms=-1") == [f"Created topic {name}."]
    assert "already exists" in client.run("topics", "create", name, status=1).err
    client.run("topics", "create", name, "--if-not-exists")
    assert name in client.lines("topics", "list")
    client.run("topics", "alter", name, "--partitions", 3)
    head, *partitions = client.lines("topics", "describe", name)
    assert head == f"Topic: {name}\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: retention.ms=-1"
    assert partitions == [f"\tTopic: {name}\tPartition: {n}\tLeader: 1\tReplicas: 1\tIsr: 1" for n in range(3)]
    client.run("topics", "delete", name)
    assert name not in client.lines("topics", "list")
    assert f"topic '{name}' does not exist" in client.run("topics", "describe", name, status=1).err
    client.run("topics", "delete", name, "--if-exists")


def test_configurations_of_topics(client):
    name = client.topic()
    client.run("topics", "configs", name, "--set", "max.message.bytes=1000", "--delete", "retention.ms")
    assert [line.split() for line in client.lines("topics", "configs", name)] == [
        ["TOPIC", "KEY", "VALUE", "FROM"], [name, "max.message.bytes", "1000", "topic"]]
    assert any("cleanup.policy" in line for line in client.lines("topics", "configs", name, "--all"))
    assert "nonsense" in client.run("topics", "configs", name, "--set", "nonsense=1", status=1).err


def test_flags_of_kafkas_scripts(client):
    name, server = client.name("familiar"), ("--bootstrap-server", client.address)
    client.run("kafka-topics.sh", *server, "--create", "--topic", name, "--partitions", 1, "--replication-factor", 1)
    assert client.lines("kafka-topics", *server, "--list", "--topic", name) == [name]
    client.run("kafka-console-producer.sh", *server, "--topic", name, "--reader-property", "parse.key=true", "--reader-property",
               "key.separator=:", "--producer-property", "linger.ms=0", "--request-required-acks", "1", text_in="a:1\nb:2\nc:3\n")
    done = client.run("kafka-console-consumer.sh", *server, "--topic", name, "--from-beginning", "--property", "print.key=true",
                      "--formatter-property", "key.separator==", "--max-messages", 2)
    assert (done.out, done.err) == ("a=1\nb=2\n", "Processed a total of 2 messages\n")
    assert client.lines("kafka-get-offsets.sh", *server, "--topic", name, "--time", "-1") == [f"{name}:0:3"]
    assert client.lines("kafka-get-offsets.sh", *server, "--topic-partitions", f"{name}:0", "--time", "-2") == [f"{name}:0:0"]
    group = client.name("group")
    client.run("kafka-console-consumer", *server, "--topic", name, "--from-beginning", "--group", group, "--max-messages", 1)
    assert group in client.lines("kafka-consumer-groups.sh", *server, "--list")
    assert client.lines("kafka-consumer-groups.sh", *server, "--describe", "--group", group)[1].split()[:6] == [
        group, name, "0", "1", "3", "2"]


def test_keys_headers_and_nulls(client):
    name = client.topic()
    client.run("produce", name, "--reader-property", "parse.headers=true", "--key-separator", ":", "--null-marker", "NULL",
               "--header", "all=yes", text_in="h:1,i:2\tk:v:w\nj:NULL\tNULL:NULL\n")
    assert client.lines("consume", name, "--from-beginning", "--until-end", "--print", "partition,offset,headers,key,value") == [
        "Partition:0\tOffset:0\th:1,i:2,all:yes\tk\tv:w", "Partition:0\tOffset:1\tj:null,all:yes\tnull\tnull"]
    wrong = client.run("produce", name, "--key-separator", ":", text_in="a:1\nno key\n", status=1)
    assert "no key separator in line 2" in wrong.err
    assert client.lines("consume", name, "--offset", -1, "--until-end") == ["1"]


def test_json_goes_around(client):
    name, copy = client.topic('k:{"a": [1]}', "é:ü"), client.topic()
    output = client.run("consume", name, "--from-beginning", "--until-end", "--format", "json").out
    first, second = map(json.loads, output.splitlines())
    assert (first["topic"], first["partition"], first["offset"], first["key"], first["value"]) == (name, 0, 0, "k", '{"a": [1]}')
    assert second["value"] == "ü" and second["timestampType"] == "CreateTime"
    client.run("produce", copy, "--format", "json", text_in=output)
    assert client.lines("consume", copy, "--from-beginning", "--until-end", "--print", "key,value") == ['k\t{"a": [1]}', "é\tü"]
    pretty = client.run("consume", name, "--from-beginning", "--max-messages", 1, "--format", "pretty").out
    assert json.loads(pretty)["value"] == {"a": [1]} and len(pretty.splitlines()) > 5


def test_where_reading_begins_and_ends(client):
    name = client.topic()
    for partition, text in ((0, "a\nb\n"), (1, "c\n")):
        if partition:
            client.run("topics", "alter", name, "--partitions", 2)
        client.run("produce", name, "--partition", partition, text_in=text)
    read = ("consume", name, "--until-end")
    assert sorted(client.lines(*read, "--from-beginning")) == ["a", "b", "c"]
    assert client.lines(*read, "--offset", 1, "--partition", 0) == ["b"]
    assert client.lines(*read, "--offset", "latest") == []
    assert sorted(client.lines(*read, "--timestamp", "2000-01-01T00:00:00")) == ["a", "b", "c"]
    assert client.lines("consume", name, "--timeout-ms", 1) == []
    assert client.lines("offsets", name, "--partitions", 1) == [f"{name}:1:1"]
    assert client.lines("offsets", name, "--time", "2000-01-01") == [f"{name}:0:0", f"{name}:1:0"]
    assert "has no partition 7" in client.run("consume", name, "--partition", 7, status=1).err
    assert client.run("consume", "no-such-topic", status=1).err == "sluice kafka: topic 'no-such-topic' does not exist\n"


def test_offsets_of_groups(client):
    name, group = client.topic("k:0", "k:1", "k:2", "k:3"), client.name("group")

    def position():
        return client.lines("groups", "describe", group)[1].split()[3:6]

    client.run("consume", name, "--group", group, "--from-beginning", "--max-messages", 3)
    assert position() == ["3", "4", "1"]
    assert client.lines("consume", name, "--group", group, "--from-beginning", "--until-end") == ["3"]
    reset = ("groups", "reset-offsets", group, "--topic", name)
    shown = client.run(*reset, "--to-earliest")
    assert shown.out.splitlines()[1].split() == [group, name, "0", "0"] and "nothing is changed yet" in shown.err
    assert position() == ["4", "4", "0"]
    for target, offset in ((["--to-earliest"], 0), (["--to-offset", 2], 2), (["--shift-by", -1], 1), (["--to-latest"], 4),
                           (["--to-datetime", "2000-01-01T00:00:00.000"], 0), (["--shift-by", 99], 4)):
        client.run(*reset, *target, "--execute")
        assert position()[0] == str(offset)
    client.sluice.write("offsets.csv", f"{name},0,1\n")
    assert client.lines("groups", "reset-offsets", group, "--from-file", "offsets.csv", "--export") == [f"{name},0,1"]
    client.run("groups", "delete", group)
    assert f"group '{group}' does not exist" in client.run("groups", "describe", group, status=1).err


def test_a_group_at_work_is_not_reset(client):
    name, group = client.topic("k:0"), client.name("group")
    reader = client.start("consume", name, "--group", group, "--from-beginning")
    try:
        assert reader.stdout.readline() == "0\n"
        assert "stop its consumers" in client.run("groups", "reset-offsets", group, "--topic", name, "--to-earliest",
                                                  "--execute", status=1).err
        assert f"{name}:0" in client.lines("groups", "describe", group, "--members", "--verbose")[1]
    finally:
        reader.send_signal(signal.SIGTERM)
        assert reader.communicate(timeout=60) == ("", "") and reader.returncode == 128 + signal.SIGTERM
    assert client.lines("groups", "describe", group)[1].split()[3:6] == ["1", "1", "0"]


def test_replay(client):
    name = client.topic()
    client.sluice.write("records.txt", "a\nb\n")
    client.run("produce", name, "--file", "records.txt", "--rate", 500, "--repeat", 3, "--compression", "zstd")
    assert client.lines("consume", name, "--from-beginning", "--until-end") == ["a", "b"] * 3


def test_interrupts_and_closed_pipes_end_quietly(client):
    name = client.topic("k:0", "k:1")
    reader = client.start("consume", name, "--from-beginning")
    assert reader.stdout.readline() == "0\n"
    reader.send_signal(signal.SIGINT)
    assert reader.communicate(timeout=60)[1] == "" and reader.returncode == 128 + signal.SIGINT
    reader = client.start("consume", name, "--from-beginning")
    assert reader.stdout.readline() == "0\n"
    reader.stdout.close()
    assert reader.wait(timeout=60) == 128 + signal.SIGPIPE and reader.stderr.read() == ""
    client.sluice.write("one.txt", "2\n")
    writer = client.start("produce", name, "--file", "one.txt", "--repeat", "--rate", 1000)
    client.run("consume", name, "--max-messages", 1)
    writer.send_signal(signal.SIGINT)
    assert writer.communicate(timeout=60) == ("", "") and writer.returncode == 128 + signal.SIGINT


@pytest.mark.parametrize("command", [("topics", "list"), ("groups", "list"), ("offsets",), ("consume", "t"), ("produce", "t")])
def test_no_broker(sluice, command):
    done = sluice.run("kafka", *command, "-b", "127.0.0.1:1", "--connect-timeout", 0.3, text_in="x\n")
    assert done.returncode == 1 and done.out == ""
    assert done.err == ("sluice kafka: no broker answers at 127.0.0.1:1: Connect to ipv4#127.0.0.1:1 failed: Connection refused\n")


def test_an_in_memory_cluster(sluice):
    cluster = sluice.start("kafka", "dev", "--topic", "orders:3", "--topic", "one")
    try:
        words, note = cluster.stdout.readline().split(), cluster.stdout.readline()
        assert words[:2] == ["Bootstrap", "server:"] and "forgotten" in note
        client = Client(sluice, words[2])
        assert client.lines("offsets") == ["one:0:0", "orders:0:0", "orders:1:0", "orders:2:0"]
        client.run("produce", "one", text_in="a\nb\n")
        assert client.lines("consume", "one", "--group", "g", "--from-beginning", "--max-messages", 2) == ["a", "b"]
        assert "no controller" in client.run("topics", "create", "t", status=1).err
    finally:
        cluster.send_signal(signal.SIGINT)
        out, err = cluster.communicate(timeout=60)
    assert (cluster.returncode, out, err) == (0, "", "")


def test_programs_do_not_load_the_client(sluice):
    done = sluice.submit("import sys\nprint('confluent_kafka' in sys.modules, 'sluice.kafka' in sys.modules)\n")
    assert done.out == "False False\n", done.err
