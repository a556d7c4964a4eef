"""Java's client properties as librdkafka's: the rules of the engine's Kafka source and sink, for files and options."""
import re

from sluice.kafka.failure import Failure

# Those of the same meaning and the same form of value: Java's name -> librdkafka's, where that is another.
_COMMON = {name: name for name in (
    "bootstrap.servers", "client.id", "connections.max.idle.ms", "metadata.max.age.ms", "reconnect.backoff.max.ms",
    "reconnect.backoff.ms", "sasl.kerberos.kinit.cmd", "sasl.kerberos.service.name", "sasl.mechanism", "security.protocol",
    "socket.connection.setup.timeout.ms", "ssl.cipher.suites", "ssl.endpoint.identification.algorithm", "ssl.key.password")}
_COMMON.update({
    "receive.buffer.bytes": "socket.receive.buffer.bytes",
    "send.buffer.bytes": "socket.send.buffer.bytes",
    "ssl.keystore.certificate.chain": "ssl.certificate.pem",
    "ssl.keystore.key": "ssl.key.pem",
    "ssl.truststore.certificates": "ssl.ca.pem",
})
_PRODUCER = {name: name for name in (
    "acks", "batch.size", "compression.type", "delivery.timeout.ms", "enable.idempotence", "linger.ms",
    "max.in.flight.requests.per.connection", "request.timeout.ms", "retries", "retry.backoff.ms")}
_PRODUCER["max.request.size"] = "message.max.bytes"
_CONSUMER = {name: name for name in (
    "allow.auto.create.topics", "auto.commit.interval.ms", "auto.offset.reset", "check.crcs", "client.rack",
    "enable.auto.commit", "fetch.max.bytes", "fetch.min.bytes", "group.id", "group.instance.id", "group.protocol",
    "heartbeat.interval.ms", "isolation.level", "max.partition.fetch.bytes", "max.poll.interval.ms", "session.timeout.ms")}
_CONSUMER.update({"fetch.max.wait.ms": "fetch.wait.max.ms", "request.timeout.ms": "socket.timeout.ms"})
_ADMIN = {"request.timeout.ms": "socket.timeout.ms", "retry.backoff.ms": "retry.backoff.ms"}
_ROLES = {"admin": {**_COMMON, **_ADMIN}, "consumer": {**_COMMON, **_CONSUMER}, "producer": {**_COMMON, **_PRODUCER}}

# Values that librdkafka spells in another way.
_VALUES = {("ssl.endpoint.identification.algorithm", ""): "none", ("auto.offset.reset", "none"): "error"}


def to_client_properties(java, role):
    """librdkafka's properties for Java's, of an `admin`, a `consumer` or a `producer`. One without a counterpart is a
    Failure that names it; values never appear in messages."""
    rest = dict(java)
    client = {**_jaas(rest), **_trust_store(rest), **_key_store(rest)}
    for name, value in rest.items():
        if name not in _ROLES[role]:
            raise Failure(_unknown(name, role))
        client[_ROLES[role][name]] = _VALUES.get((name, value), value)
    return client


def _unknown(name, role):
    others = [other for other in _ROLES if name in _ROLES[other]]
    if others:
        return f"'{name}' is a property of another kind of client ({', '.join(others)}); leave it out"
    return f"the client library has no property '{name}'; leave it out"


def _jaas(java):
    line = java.pop("sasl.jaas.config", None)
    if line is None:
        return {}
    if ".PlainLoginModule" not in line and ".ScramLoginModule" not in line:
        raise Failure("the login module of 'sasl.jaas.config' is not supported; use PlainLoginModule or ScramLoginModule "
                      "with a username and a password")
    user, password = _jaas_option(line, "username"), _jaas_option(line, "password")
    if user is None or password is None:
        raise Failure("'sasl.jaas.config' must have a username and a password")
    return {"sasl.username": user, "sasl.password": password}


def _jaas_option(line, name):
    match = re.search(rf'\s{name}=(?:"((?:\\.|[^"\\])*)"|((?:\\.|[^\s;\\])*))', line, re.S)
    if match is None:
        return None
    value = match[2] if match[1] is None else match[1]
    return re.sub(r"\\(.)", r"\1", value, flags=re.S)


def _trust_store(java):
    kind, location = java.pop("ssl.truststore.type", "JKS"), java.pop("ssl.truststore.location", None)
    if location is None:
        return {}
    if kind != "PEM":
        raise _store_not_supported("ssl.truststore")
    return {"ssl.ca.location": location}


def _key_store(java):
    kind, location = java.pop("ssl.keystore.type", "JKS"), java.pop("ssl.keystore.location", None)
    if location is None:
        return {}
    if kind == "PEM":
        return {"ssl.certificate.location": location, "ssl.key.location": location}
    if kind != "PKCS12":
        raise _store_not_supported("ssl.keystore")
    password = java.pop("ssl.keystore.password", None)
    return {"ssl.keystore.location": location, **({} if password is None else {"ssl.keystore.password": password})}


def _store_not_supported(store):
    return Failure(f"a JKS file in '{store}.location' is not supported; convert it to PEM and set '{store}.type' to PEM")
