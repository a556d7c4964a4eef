"""`sluice kafka dev`: an in-memory cluster for trying things, until Ctrl-C or SIGTERM; then it has forgotten everything."""
import argparse
import ctypes
import signal

from confluent_kafka import cimpl

from sluice.kafka import arguments as args
from sluice.kafka.failure import Failure

_EPILOG = """\
It is librdkafka's mock cluster. It takes records, offsets and groups; it can't create, change or delete topics on request, has
no configurations, and runs no JVM. A topic that is used without being named here gets 4 partitions.

  sluice kafka dev --topic orders:3
"""
_ENDS = (signal.SIGINT, signal.SIGTERM)


def main(arguments):
    parser = args.parser("dev", __doc__, epilog=_EPILOG)
    parser.add_argument("--topic", action="append", default=[], type=_topic, metavar="NAME[:PARTITIONS]",
                        help="a topic to begin with (default: 1 partition)")
    parser.add_argument("--brokers", type=args.count, default=1, metavar="N", help="default: 1")
    args.refuse(parser, port="the port is always a free one, and printed", data="nothing is kept; use a real broker for that")
    given = parser.parse_args(arguments)
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    cluster = MockCluster(given.brokers)
    for name, partitions in given.topic:
        cluster.create_topic(name, partitions)
    print(f"Bootstrap server: {cluster.address}", flush=True)
    print("In memory: topics, records and offsets are forgotten when this ends (Ctrl-C).", flush=True)
    signal.sigwait(_ENDS)
    return 0


def _topic(text):
    name, colon, partitions = text.partition(":")
    if not name:
        raise argparse.ArgumentTypeError("a topic needs a name")
    return name, args.count(partitions) if colon else 1


class MockCluster:
    """librdkafka's mock cluster. Its functions for topics are not part of the Python package, but of the library in it."""

    def __init__(self, brokers):
        self._library = ctypes.CDLL(cimpl.__file__)  # finds the symbols of the librdkafka that this module is linked with
        self._owner = self._client()
        self._cluster = self._call("rd_kafka_mock_cluster_new", self._owner, ctypes.c_int(brokers))
        if not self._cluster:
            raise Failure("the in-memory cluster could not be started")
        self.address = ctypes.string_at(self._call("rd_kafka_mock_cluster_bootstraps", self._cluster)).decode()

    def create_topic(self, name, partitions):
        if self._call("rd_kafka_mock_topic_create", self._cluster, name.encode(), ctypes.c_int(partitions), ctypes.c_int(1),
                      result=ctypes.c_int):
            raise Failure(f"topic '{name}' could not be created")

    def _client(self):
        """A cluster belongs to a client, which does nothing else."""
        producer, message = 0, ctypes.create_string_buffer(512)
        settings = self._call("rd_kafka_conf_new")
        self._call("rd_kafka_conf_set", settings, b"log_level", b"0", message, ctypes.c_size_t(len(message)), result=ctypes.c_int)
        client = self._call("rd_kafka_new", ctypes.c_int(producer), settings, message, ctypes.c_size_t(len(message)))
        if not client:
            raise Failure(message.value.decode())
        return client

    def _call(self, name, *arguments, result=ctypes.c_void_p):
        function = getattr(self._library, name)
        function.restype = result
        found = function(*arguments)
        return ctypes.c_void_p(found) if result is ctypes.c_void_p and found else found
