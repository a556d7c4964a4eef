"""`sluice kafka produce`: writes records from the lines of standard input or a file, if wanted at a fixed rate."""
import sys
import time

from sluice.kafka import arguments as args
from sluice.kafka import connection
from sluice.kafka.failure import Failure
from sluice.kafka.records import LineFormat, record_of_json
from sluice.properties import read_properties

_EPILOG = """\
A line is a record's value, or with --key-separator its key and value. The command ends when the brokers have all records.
The flags of kafka-console-producer.sh are understood too; reader properties are parse.key, parse.headers, key.separator,
headers.delimiter, headers.separator, headers.key.separator, null.marker and ignore.error, as Kafka's.

  sluice kafka produce orders <orders.json
  sluice kafka produce orders --key-separator : --file keyed.txt --rate 100 --repeat
"""
# Options that are a property of the client.
_PROPERTIES = {"acks": "acks", "compression": "compression.type", "linger_ms": "linger.ms", "batch_size": "batch.size",
               "retries": "retries", "request_timeout_ms": "request.timeout.ms", "retry_backoff_ms": "retry.backoff.ms",
               "metadata_expiry_ms": "metadata.max.age.ms", "socket_buffer_size": "send.buffer.bytes"}
_PRESET = {"linger.ms": "5", "topic.metadata.propagation.max.ms": "5000",
           "queue.buffering.max.messages": "500000", "queue.buffering.max.kbytes": "65536"}
# As Java's client: a record with a key goes where the key's hash says, one without where it likes.
_FORCED = {"partitioner": "murmur2_random"}
_LAST_SECONDS = 5


def main(arguments):
    parser = _parser()
    given = parser.parse_args(arguments)
    _check(parser, given)
    given.command_property += [(java, str(getattr(given, name))) for name, java in _PROPERTIES.items()
                               if getattr(given, name) is not None]
    parse = record_of_json if given.format == "json" else LineFormat(_reader_properties(given)).record
    sender = _Sender(given)
    try:
        _send_all(sender, given, parse)
    except BaseException:  # what was read before the error, or before Ctrl-C, is still written
        sender.finish(time.monotonic() + _LAST_SECONDS)
        raise
    sender.finish()
    return 0


def _send_all(sender, given, parse):
    own_key = None if given.key is None else given.key.encode()
    for number, line in _lines(given):
        key, value, headers = parse(line, number)
        sender.send(own_key if key is None else key, value, [*(headers or []), *given.header])


def _parser():
    parser = args.parser("produce", __doc__, epilog=_EPILOG)
    parser.add_argument("name", nargs="?", metavar="TOPIC")
    parser.add_argument("--topic", metavar="TOPIC", help="the same")
    records = parser.add_argument_group("records")
    records.add_argument("--file", metavar="FILE", help="read this instead of standard input")
    records.add_argument("--format", choices=["text", "json"], default="text",
                         help="json: lines that `consume --format json` printed")
    records.add_argument("--key-separator", metavar="TEXT", help="lines begin with a key, which ends here")
    records.add_argument("--key", metavar="TEXT", help="key of records that have none")
    records.add_argument("--header", action="append", default=[], type=_header, metavar="NAME=VALUE", help="for all records")
    records.add_argument("--null-marker", metavar="TEXT", help="a key, value or header of this text is null")
    records.add_argument("--partition", type=int, metavar="N", help="write to this partition only")
    records.add_argument("--reader-property", "--property", action="append", default=[], type=args.key_value,
                         metavar="KEY=VALUE", help="how lines are read")
    records.add_argument("--reader-config", metavar="FILE", help="file of reader properties")
    replay = parser.add_argument_group("replay")
    replay.add_argument("--rate", type=args.number, metavar="N", help="records a second")
    replay.add_argument("--repeat", nargs="?", type=args.count, const=float("inf"), default=1, metavar="TIMES",
                        help="read the file as often as this; without a number, until it is stopped")
    _add_delivery(parser.add_argument_group("delivery"))
    args.add_connection(parser, ["--producer-property"], ["--producer.config"])
    own = "LineMessageReader reads text; another format needs a program of its own"
    args.refuse(parser, line_reader=own, max_block_ms="use --connect-timeout", max_memory_bytes="the client needs no limit",
                max_partition_memory_bytes="use --batch-size")
    return parser


def _add_delivery(group):
    group.add_argument("--acks", choices=["all", "-1", "0", "1"], help="default: all")
    group.add_argument("--compression", choices=["none", "gzip", "snappy", "lz4", "zstd"], help="default: none")
    group.add_argument("--compression-codec", dest="compression", nargs="?", const="gzip", help="the same; gzip without a value",
                       choices=["none", "gzip", "snappy", "lz4", "zstd"])
    group.add_argument("--sync", action="store_true", help="wait for the brokers after each record")
    group.add_argument("--linger-ms", type=int, metavar="MS", help="wait for more records of a batch (default: 5)")
    group.add_argument("--batch-size", type=args.count, metavar="BYTES")
    group.add_argument("--retries", type=int, metavar="N")
    for name in ("--request-timeout-ms", "--retry-backoff-ms", "--metadata-expiry-ms", "--socket-buffer-size"):
        group.add_argument(name, type=args.count, metavar="N")
    args.synonyms(group, "--acks", "--request-required-acks", choices=["all", "-1", "0", "1"])
    args.synonyms(group, "--retries", "--message-send-max-retries", type=int)
    args.synonyms(group, "--linger-ms", "--timeout", type=int)


def _check(parser, given):
    args.usage(parser, (given.name is None) == (given.topic is None), "name one topic")
    args.usage(parser, given.repeat != 1 and given.file is None, "--repeat needs --file")
    of_lines = given.key_separator or given.reader_property or given.reader_config or given.null_marker
    args.usage(parser, given.format == "json" and of_lines, "--format json has its own keys, headers and nulls")
    given.topic = given.topic or given.name


def _header(text):
    name, value = args.key_value(text)
    return name, value.encode()


def _reader_properties(given):
    properties = {**(read_properties(given.reader_config) if given.reader_config else {}), **dict(given.reader_property)}
    if given.key_separator is not None:
        properties.update({"parse.key": "true", "key.separator": given.key_separator})
    if given.null_marker is not None:
        properties["null.marker"] = given.null_marker
    for name in ("key.separator", "headers.delimiter", "headers.separator", "headers.key.separator"):
        if properties.get(name) == "":
            raise Failure(f"'{name}' must not be empty")
    return properties


def _lines(given):
    """(number, line without its end), read again and again if so wanted."""
    times = given.repeat
    while times > 0:
        times -= 1
        if given.file is None:
            yield from _numbered(_standard_input())
            continue
        number = 0
        with open(given.file, "rb") as file:
            for number, line in _numbered(file):
                yield number, line
        if not number:
            return


def _numbered(lines):
    for number, line in enumerate(lines, 1):
        yield number, line.rstrip(b"\n").removesuffix(b"\r")


def _standard_input():
    """Lines as they are typed; a terminal gets a prompt."""
    if not sys.stdin.isatty():
        yield from sys.stdin.buffer
        return
    while True:
        print(">", end="", flush=True)
        line = sys.stdin.buffer.readline()
        if not line:
            print()
            return
        yield line


def _idempotence(given):
    """As with Java's client, on unless other properties can't go with it."""
    java = connection.java_properties(given)
    possible = java.get("acks", "all") in ("all", "-1") and java.get("retries") != "0"
    return {"enable.idempotence": str(possible).lower()}


class _Sender:
    """Hands records to the client at the wanted rate, and ends with the first that the brokers refuse."""

    def __init__(self, given):
        self._topic, self._partition, self._rate, self._sync = given.topic, given.partition, given.rate, given.sync
        self._client = connection.producer(given, given.topic, {**_PRESET, **_idempotence(given)}, _FORCED)
        self._began, self._sent = time.monotonic(), 0
        self._refusal = None

    def send(self, key, value, headers):
        self._wait_for_turn()
        where = {} if self._partition is None else {"partition": self._partition}
        while True:
            try:
                self._client.produce(self._topic, value, key, headers=headers or None, on_delivery=self._delivered, **where)
                break
            except BufferError:  # the client has all that it may hold
                self._serve(connection.STEP_SECONDS)
        self._sent += 1
        self._serve(0)
        if self._sync:
            self.finish()

    def _wait_for_turn(self):
        if self._rate is None:
            return
        due = self._began + self._sent / self._rate
        while (left := due - time.monotonic()) > 0:
            self._serve(min(left, connection.STEP_SECONDS))

    def finish(self, deadline=float("inf")):
        """Returns when the brokers have everything."""
        while self._client.flush(connection.STEP_SECONDS) and time.monotonic() < deadline:
            self._check()
        self._check()

    def _serve(self, seconds):
        self._client.poll(seconds)
        self._check()

    def _check(self):
        if self._refusal is not None:
            self._client.purge()
            raise Failure(self._refusal)

    def _delivered(self, error, message):
        if error is not None and self._refusal is None:
            self._refusal = f"a record for topic '{self._topic}' was not written: {connection.error_text(error)}"
