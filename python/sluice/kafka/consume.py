"""`sluice kafka consume`: prints the records of topics, from where and until what the options say."""
import argparse
import re
import select
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, KafkaError, KafkaException, TopicPartition

from sluice.kafka import arguments as args
from sluice.kafka import cluster, connection
from sluice.kafka.failure import Failure
from sluice.kafka.records import JsonFormat, TextFormat, deserializer
from sluice.properties import read_properties

_EPILOG = """\
Without --group, nothing is committed. With it, positions are the group's, and --from-beginning counts where it has none.
The flags of kafka-console-consumer.sh are understood too; formatter properties are print.timestamp, print.partition,
print.offset, print.headers, print.key, print.value, key.separator, line.separator, headers.separator, null.literal,
key.deserializer, value.deserializer and headers.deserializer, as Kafka's.

  sluice kafka consume orders --from-beginning --until-end --format json
  sluice kafka consume orders --offset -10 --print key,value,timestamp
"""
_FORMATTERS = {"DefaultMessageFormatter": "text", "NoOpMessageFormatter": "none"}
_BATCH = 1000
_OFFSET_TAIL = -2000  # librdkafka's: this minus n is n records before the end
# The fetcher rests when it is ahead by the number of records: only the limit of bytes is to bind, and the rest to be short.
_FETCHING = {"queued.min.messages": "10000000", "queued.max.messages.kbytes": "32768", "fetch.queue.backoff.ms": "10"}
_NO_GROUP = "sluice-console"


def main(arguments):
    parser = _parser()
    given = parser.parse_args(arguments)
    java = connection.java_properties(given)
    given.group = given.group or java.get("group.id")
    if given.offset is None and given.timestamp is None and java.get("auto.offset.reset") == "earliest":
        given.from_beginning = True
    _check(parser, given)
    format_record = _format(given)
    client = connection.consumer(given, None if given.include else given.topic, *_properties(given))
    try:
        _start(client, given)
        reading = _Reading(client, given, format_record)
        reading.run()
    finally:
        client.close()
    print(f"Processed a total of {reading.count} messages", file=sys.stderr)
    return 0


def _parser():
    parser = args.parser("consume", __doc__, epilog=_EPILOG)
    parser.add_argument("name", nargs="?", metavar="TOPIC")
    parser.add_argument("--topic", metavar="TOPIC", help="the same")
    parser.add_argument("--include", metavar="REGEX", help="all topics that match")
    parser.add_argument("--group", metavar="NAME", help="as a member of this consumer group, whose offsets are committed")
    parser.add_argument("--isolation-level", choices=["read_committed", "read_uncommitted"], help="default: read_uncommitted")
    start = parser.add_argument_group("start (default: records that come from now on)").add_mutually_exclusive_group()
    start.add_argument("--from-beginning", action="store_true")
    start.add_argument("--offset", type=_offset, metavar="OFFSET", help="earliest, latest, a number, or -N: the last N records")
    start.add_argument("--timestamp", type=args.timestamp, metavar="TIME",
                       help="milliseconds since 1970, or such as 2026-01-31T12:00:00")
    parser.add_argument("--partition", type=args.partitions, metavar="0,2-4", help="only these partitions")
    end = parser.add_argument_group("end (default: never)")
    end.add_argument("--max-messages", "-n", type=args.count, metavar="N")
    end.add_argument("--until-end", "-e", action="store_true", help="stop when all records that are there are printed")
    end.add_argument("--timeout-ms", type=args.count, metavar="MS", help="stop when none has come for so long")
    _add_output(parser.add_argument_group("output"))
    args.add_connection(parser, ["--consumer-property"], ["--consumer.config"])
    args.refuse(parser, whitelist="use --include", enable_systest_events="it only served Kafka's own tests",
                skip_message_on_error="bytes are printed as they are; leave out the deserializers")
    return parser


def _add_output(group):
    group.add_argument("--format", choices=["text", "json", "pretty", "none"], default="text",
                       help="text: as Kafka's console consumer; json: an object a line; pretty: objects on several lines, with "
                            "the JSON in values; none: count only (default: text)")
    group.add_argument("--print", type=_fields, default=[], metavar="FIELD,...",
                       help="what text shows: " + ", ".join(TextFormat.FIELDS))
    group.add_argument("--key-separator", metavar="TEXT", help="between what text shows (default: tab)")
    group.add_argument("--formatter-property", "--property", action="append", default=[], type=args.key_value,
                       metavar="KEY=VALUE", help="how text is formatted")
    group.add_argument("--formatter-config", metavar="FILE", help="file of formatter properties")
    group.add_argument("--formatter", metavar="CLASS", help="Kafka's " + " or ".join(_FORMATTERS))
    group.add_argument("--key-deserializer", metavar="CLASS", help="String, Integer, Long, Double, ...")
    group.add_argument("--value-deserializer", metavar="CLASS")


def _offset(text):
    named = {"earliest": OFFSET_BEGINNING, "latest": OFFSET_END}
    if text in named:
        return named[text]
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is neither earliest, latest nor a number") from None
    return number if number >= 0 else _OFFSET_TAIL + number


def _fields(text):
    fields = text.split(",")
    wrong = [name for name in fields if name not in TextFormat.FIELDS]
    if wrong:
        raise argparse.ArgumentTypeError(f"'{wrong[0]}' is none of {', '.join(TextFormat.FIELDS)}")
    return fields


def _check(parser, given):
    args.usage(parser, [given.name, given.topic, given.include].count(None) != 2, "name one topic, or --include REGEX")
    args.usage(parser, given.group and (given.offset is not None or given.timestamp is not None or given.partition),
               "a group shares out the partitions and keeps the offsets; `sluice kafka groups reset-offsets` moves them")
    args.usage(parser, given.include and given.partition, "--partition needs one topic")
    args.usage(parser, given.format != "text" and (given.print or given.formatter_property or given.key_separator),
               "--print, --key-separator and formatter properties are for --format text")
    given.topic = given.topic or given.name


def _format(given):
    name = given.formatter.rpartition(".")[2] if given.formatter else None
    if name is not None and name not in _FORMATTERS:
        raise Failure(f"there is no formatter '{given.formatter}'; use --format json or pretty for all of a record")
    kind = _FORMATTERS.get(name, given.format)
    if kind != "text":
        return (lambda message: b"") if kind == "none" else JsonFormat(pretty=kind == "pretty")
    text = TextFormat(set(given.print) or {"value"})
    properties = read_properties(given.formatter_config) if given.formatter_config else {}
    for name, value in [*properties.items(), *given.formatter_property]:
        text.set_property(name, value)
    for part, wanted in (("key", given.key_deserializer), ("value", given.value_deserializer)):
        if wanted:
            text.deserializers[part] = deserializer(wanted)
    if given.key_separator is not None:
        text.key_separator = given.key_separator.encode()
    return text


def _properties(given):
    """Those that the user may change, and those that the command needs."""
    preset = {"group.id": _NO_GROUP, "isolation.level": given.isolation_level or "read_uncommitted"}
    if given.until_end:
        preset["fetch.wait.max.ms"] = "20"  # the end is seen when a broker has waited so long for more
    # An offset is stored when its record is printed, not when it is fetched.
    forced = {**_FETCHING, "enable.auto.offset.store": "false", "enable.partition.eof": str(given.until_end).lower()}
    if given.isolation_level:
        forced["isolation.level"] = given.isolation_level
    if given.group:
        return {**preset, "auto.offset.reset": "earliest" if given.from_beginning else "latest"}, \
            {**forced, "group.id": given.group}
    return {**preset, "auto.offset.reset": "error"}, {**forced, "enable.auto.commit": "false"}


def _start(client, given):
    if given.group:
        client.subscribe([f"^({given.include})$"] if given.include else [given.topic])
        return
    topics = client.list_topics(*([given.topic] if given.topic else []), timeout=cluster.REQUEST_SECONDS).topics
    names = [name for name in topics if given.topic == name or given.include and re.fullmatch(given.include, name)]
    if not names or topics[names[0]].error:
        raise Failure(f"topic '{given.topic or given.include}' does not exist")
    client.assign(_positions(client, given, [(name, number) for name in names for number in
                                             cluster.existing_partitions(topics[name], given.partition)]))


def _positions(client, given, partitions):
    if given.timestamp is not None:
        asked = [TopicPartition(topic, number, given.timestamp) for topic, number in partitions]
        return client.offsets_for_times(asked, timeout=cluster.REQUEST_SECONDS)
    offset = OFFSET_BEGINNING if given.from_beginning else OFFSET_END if given.offset is None else given.offset
    return [TopicPartition(topic, number, offset) for topic, number in partitions]


class _Reading:
    """Prints records until there is a reason to end."""

    def __init__(self, client, given, format_record):
        self.count = 0
        self._client, self._given, self._format = client, given, format_record
        self._ended = set()  # partitions that have been read to their end
        self._closed = select.poll()
        self._closed.register(sys.stdout.fileno(), 0)
        self._last = time.monotonic()

    def run(self):
        while not self._done():
            messages = self._next()
            records = [message for message in messages if not self._is_event(message)]
            if records:
                self._print(records)
                self._last = time.monotonic()
            elif any(event & select.POLLERR for _, event in self._closed.poll(0)):
                raise BrokenPipeError  # `| head` has what it wants, and no record may come for long

    def _next(self):
        """What is there at once, or the next that comes within a short time."""
        first = self._client.poll(connection.STEP_SECONDS)
        if first is None:
            return []
        left = _BATCH if self._given.max_messages is None else min(_BATCH, self._given.max_messages - self.count)
        return [first, *(self._client.consume(left - 1, 0) if left > 1 else [])]

    def _is_event(self, message):
        error, at = message.error(), (message.topic(), message.partition())
        if error is None:
            self._ended.discard(at)
            return False
        if error.code() == KafkaError._PARTITION_EOF:
            self._ended.add(at)
        elif error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise Failure(f"topic '{message.topic() or self._given.topic}' does not exist")
        elif not error.retriable():
            raise Failure(connection.error_text(error))
        return True

    def _print(self, records):
        output = sys.stdout.buffer
        output.write(b"".join(map(self._format, records)))
        output.flush()
        self.count += len(records)
        if self._given.group:
            self._store({(message.topic(), message.partition()): message.offset() + 1 for message in records})

    def _store(self, positions):
        try:
            self._client.store_offsets(offsets=[TopicPartition(*at, offset) for at, offset in positions.items()])
        except KafkaException as error:
            if error.args[0].code() != KafkaError._STATE:  # the partition went to another member
                raise

    def _done(self):
        given = self._given
        if given.max_messages is not None and self.count >= given.max_messages:
            return True
        if given.timeout_ms is not None and time.monotonic() - self._last > given.timeout_ms / 1000:
            return True
        if not given.until_end:
            return False
        assigned = {(at.topic, at.partition) for at in self._client.assignment()}
        return bool(assigned) and assigned <= self._ended
