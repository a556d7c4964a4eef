"""Kafka brokers that tests may stop, kill and start, with a listener for each way of connecting."""
import contextlib
import os
import subprocess
import uuid

from confluent_kafka import ElectionType, Producer, TopicPartition
from confluent_kafka.admin import (AdminClient, NewTopic, ScramCredentialInfo, ScramMechanism,
                                   UserScramCredentialUpsertion)

import running
from waiting import wait_for

SERVICE = running.ROOT / "tests" / "services" / "kafka.sh"
USER = "reader"
PASSWORDS = {"PLAIN": "plain-secret", "SCRAM-SHA-256": "scram-secret"}
MODULES = {"PLAIN": "plain.PlainLoginModule", "SCRAM-SHA-256": "scram.ScramLoginModule"}
WAYS = ("PLAINTEXT", "TLS", "PLAIN", "SCRAM-SHA-256")
PORTS_OF_NODE = 4
SASL_PORT = 2  # after the broker's own
OF_WAY = {"PLAINTEXT": 0, "TLS": 3}
HEAPS = {1: "384m", 3: "256m"}  # by the number of brokers
FIRST_TIME = 1700000000000


def make_certificates(folder):
    """`ca` signs those of the server and of a client; `other-ca` signs what the server does not know."""
    for authority, names in {"ca": ("server", "client"), "other-ca": ("stranger",)}.items():
        _openssl(folder, "req", "-x509", *_new_key(authority), "-days", "2", "-out", f"{authority}.pem")
        for name in names:
            _openssl(folder, "req", "-x509", *_new_key(name), "-days", "2", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
                     "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE", "-out", f"{name}.crt")
            (folder / f"{name}.pem").write_bytes((folder / f"{name}.key").read_bytes() + (folder / f"{name}.crt").read_bytes())


def _new_key(name):
    return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={name}")


def _openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


class Brokers:
    """A cluster of so many; nodes are counted from 1."""

    def __init__(self, folder, port, nodes=1):
        self.folder, self.port, self.nodes = folder, port, range(1, nodes + 1)
        make_certificates(folder)
        (folder / "plain.user").write_text(f"{USER} {PASSWORDS['PLAIN']}\n")
        self.admin = AdminClient({"bootstrap.servers": self.address(), "log_level": 0})

    def start(self, *nodes):
        self._tell("start", nodes)

    def stop(self, *nodes):
        self._tell("stop", nodes)

    def wipe(self):
        self._tell("wipe")

    def kill(self, *nodes):
        self._tell("kill", nodes)

    @contextlib.contextmanager
    def paused(self, *nodes):
        self._tell("pause", nodes)
        try:
            yield
        finally:
            self._tell("resume", nodes)

    def _tell(self, command, nodes=()):
        """All nodes unless some are given, at once: none of a cluster is up before the others come."""
        scripts = [subprocess.Popen([SERVICE, command], env=self._environment(node), stdin=subprocess.DEVNULL)
                   for node in nodes or self.nodes]
        assert not any([script.wait() for script in scripts]), f"kafka.sh {command} failed"

    def _environment(self, node):
        return dict(os.environ, KAFKA_PORT=str(self.port), KAFKA_NODES=str(len(self.nodes)), KAFKA_NODE=str(node),
                    KAFKA_HEAP=HEAPS[len(self.nodes)], KAFKA_DATA=str(self.folder / f"broker-{node}"), KAFKA_SECURE=str(self.folder))

    def leader(self, topic, partition=0):
        """Its node, or None while there is none."""
        found = self._partitions(topic).get(partition)
        return found.leader if found and found.leader in self.nodes else None

    def elect_preferred(self, topic, partitions):
        """Gives the partitions back to the first of their replicas."""
        wanted = [TopicPartition(topic, partition) for partition in range(partitions)]
        self.admin.elect_leaders(ElectionType.PREFERRED, wanted).result()

    def in_sync(self, topic):
        return all(len(partition.isrs) == len(self.nodes) for partition in self._partitions(topic).values())

    def _partitions(self, topic):
        return self.admin.list_topics(topic, timeout=30).topics[topic].partitions

    def address(self, way="PLAINTEXT"):
        ports = (self.port + PORTS_OF_NODE * (node - 1) + OF_WAY.get(way, SASL_PORT) for node in self.nodes)
        return ",".join(f"127.0.0.1:{port}" for port in ports)

    def options(self, way="PLAINTEXT", **changes):
        """Those of Spark's source and sink for that way; two underscores in the name of a change are a dot."""
        options = {"bootstrap.servers": self.address(way)}
        if way == "TLS":
            options.update({"security.protocol": "SSL", "ssl.truststore.type": "PEM", "ssl.truststore.location": self.path("ca.pem"),
                            "ssl.keystore.type": "PEM", "ssl.keystore.location": self.path("client.pem")})
        elif way != "PLAINTEXT":
            options.update({"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": way, "sasl.jaas.config": jaas(way, PASSWORDS[way])})
        options.update({name.replace("__", "."): value for name, value in changes.items()})
        return {f"kafka.{name}": value for name, value in options.items()}

    def path(self, name):
        return str(self.folder / name)

    def add_scram_user(self):
        change = UserScramCredentialUpsertion(USER, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096),
                                              PASSWORDS["SCRAM-SHA-256"].encode())
        for done in self.admin.alter_user_scram_credentials([change]).values():
            done.result()

    def topic(self, partitions=1, name=None, **config):
        """A fresh topic; underscores in the names of its configurations are dots."""
        name = name or f"topic-{uuid.uuid4().hex[:8]}"
        config = {"retention.ms": "-1", **{key.replace("_", "."): value for key, value in config.items()}}
        for made in self.admin.create_topics([NewTopic(name, partitions, len(self.nodes), config=config)], operation_timeout=30).values():
            made.result()
        wait_for(lambda: all(self.leader(name, partition) for partition in range(partitions)), "the topic has no leaders")
        return name

    def producer(self, **settings):
        return Producer({"bootstrap.servers": self.address(), "log_level": 0, **{key.replace("_", "."): value for key, value in settings.items()}})

    def send(self, topic, records, first=0, partition=0, **settings):
        """(key, value[, headers]); each is a second younger than the one before."""
        producer = self.producer(**settings)
        for number, (key, value, *headers) in enumerate(records, first):
            producer.produce(topic, value, key, partition, timestamp=FIRST_TIME + 1000 * number, headers=headers[0] if headers else None)
            producer.poll(0)
        assert producer.flush(60) == 0


def jaas(mechanism, password):
    return f'org.apache.kafka.common.security.{MODULES[mechanism]} required username="{USER}" password="{password}";'
