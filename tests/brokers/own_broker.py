"""A Kafka broker that tests may stop and start, with a listener for each way of connecting."""
import os
import subprocess
import uuid

from confluent_kafka import Producer
from confluent_kafka.admin import (AdminClient, NewTopic, ScramCredentialInfo, ScramMechanism,
                                   UserScramCredentialUpsertion)

import running

SERVICE = running.ROOT / "tests" / "services" / "kafka.sh"
USER = "reader"
PASSWORDS = {"PLAIN": "plain-secret", "SCRAM-SHA-256": "scram-secret"}
MODULES = {"PLAIN": "plain.PlainLoginModule", "SCRAM-SHA-256": "scram.ScramLoginModule"}
WAYS = ("PLAINTEXT", "TLS", "PLAIN", "SCRAM-SHA-256")
SASL_PORT, TLS_PORT = 2, 3  # after the broker's own
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


class Broker:
    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        make_certificates(folder)
        (folder / "plain.user").write_text(f"{USER} {PASSWORDS['PLAIN']}\n")
        self._environment = dict(os.environ, KAFKA_PORT=str(port), KAFKA_DATA=str(folder / "broker"), KAFKA_SECURE=str(folder))
        self.admin = AdminClient({"bootstrap.servers": self.address(), "log_level": 0})

    def start(self):
        self._run("start")

    def stop(self):
        self._run("stop")

    def wipe(self):
        self._run("wipe")

    def _run(self, command):
        subprocess.run([SERVICE, command], env=self._environment, check=True)

    def address(self, way="PLAINTEXT"):
        return f"127.0.0.1:{self.port + {'PLAINTEXT': 0, 'TLS': TLS_PORT}.get(way, SASL_PORT)}"

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

    def topic(self, partitions=1, **config):
        """A fresh topic; underscores in the names of its configurations are dots."""
        name = f"topic-{uuid.uuid4().hex[:8]}"
        config = {"retention.ms": "-1", **{key.replace("_", "."): value for key, value in config.items()}}
        for made in self.admin.create_topics([NewTopic(name, partitions, 1, config=config)], operation_timeout=30).values():
            made.result()
        return name

    def producer(self, **settings):
        return Producer({"bootstrap.servers": self.address(), **{key.replace("_", "."): value for key, value in settings.items()}})

    def send(self, topic, records, first=0, partition=0, **settings):
        """(key, value[, headers]); each is a second younger than the one before."""
        producer = self.producer(**settings)
        for number, (key, value, *headers) in enumerate(records, first):
            producer.produce(topic, value, key, partition, timestamp=FIRST_TIME + 1000 * number, headers=headers[0] if headers else None)
            producer.poll(0)
        assert producer.flush(60) == 0


def jaas(mechanism, password):
    return f'org.apache.kafka.common.security.{MODULES[mechanism]} required username="{USER}" password="{password}";'
