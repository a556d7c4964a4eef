"""Clients of librdkafka for the sub-commands: configured as Java's are, silent, and sure that a broker answers."""
import os
import re
import sys
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from sluice.kafka.client_properties import to_client_properties
from sluice.kafka.failure import Failure
from sluice.properties import read_properties

# Calls of the library can't be interrupted, so they are short.
STEP_SECONDS = 0.2

_DEFAULT_ADDRESS = "localhost:9092"
# Nothing will become better by waiting after these.
_HOPELESS = (KafkaError._AUTHENTICATION, KafkaError._SSL, KafkaError.SASL_AUTHENTICATION_FAILED,
             KafkaError.UNSUPPORTED_SASL_MECHANISM, KafkaError._FATAL)


def admin(given):
    """A client for topics and groups."""
    return _reached(AdminClient, given, "admin", None)


def consumer(given, topic, preset, forced):
    """A client that reads the topic, or any without one. `preset` are properties of librdkafka that the user may change,
    `forced` those that the command needs."""
    return _reached(Consumer, given, "consumer", topic, preset, forced)


def producer(given, topic, preset, forced):
    """A client that writes the topic; see consumer()."""
    return _reached(Producer, given, "producer", topic, preset, forced)


def address(given, properties):
    """Where the brokers are, by option, property, environment or default."""
    return (given.bootstrap_server or properties.get("bootstrap.servers") or os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
            or _DEFAULT_ADDRESS)


def configuration(given, role, preset=(), forced=()):
    """librdkafka's properties of what the command line says."""
    java = java_properties(given)
    client = {"client.id": "sluice", **dict(preset), **to_client_properties(java, role), **dict(forced)}
    return {**client, "bootstrap.servers": address(given, java), "log_level": 0}


def java_properties(given):
    """What the file and the options say, by Java's names."""
    return {**_file(given.command_config), **dict(given.command_property)}


def _file(path):
    if path is None:
        return {}
    try:
        return read_properties(path)
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None


class _Errors:
    """What librdkafka reports in the background."""

    def __init__(self):
        self.seen = []
        self.reached = False

    def __call__(self, error):
        if not self.reached:
            self.seen.append(error)
        elif error.code() == KafkaError._ALL_BROKERS_DOWN:
            print("sluice kafka: no broker answers; trying again", file=sys.stderr)


def _reached(kind, given, role, topic, *layers):
    properties = configuration(given, role, *layers)
    errors = _Errors()
    client = kind({**properties, "error_cb": errors})
    _reach(client, topic, properties["bootstrap.servers"], given.connect_timeout, errors)
    errors.reached = True
    return client


def _reach(client, topic, servers, patience, errors):
    deadline, step = time.monotonic() + patience, STEP_SECONDS
    while True:
        try:
            client.list_topics(*([topic] if topic else []), timeout=step)
            return
        except KafkaException as failure:
            client.poll(0)
            hopeless = [error for error in errors.seen if error.code() in _HOPELESS]
            if hopeless:
                raise Failure(f"no connection to {servers}: {_reason(hopeless, None)}") from None
            if time.monotonic() > deadline:
                raise Failure(f"no broker answers at {servers}: {_reason(errors.seen, failure.args[0])}") from None
        step = max(min(2 * step, deadline - time.monotonic()), STEP_SECONDS)  # a slow answer needs a longer one


def _reason(seen, last):
    telling = [error for error in seen if error.code() != KafkaError._ALL_BROKERS_DOWN] or [last]
    # librdkafka begins with the broker's name, and ends with how long and how often.
    return re.sub(r"^\S+/(bootstrap|\d+): | \(after .*$", "", telling[-1].str())


def error_text(error):
    """librdkafka's words, and what a user can do where they don't say."""
    if error.code() == KafkaError._UNSUPPORTED_FEATURE:
        return "the broker does not know this request (the in-memory cluster of `sluice kafka dev` knows few)"
    return error.str()
