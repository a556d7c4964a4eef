"""`sluice kafka offsets`: prints the first, the last, or a time's offsets of partitions."""
import argparse
import re

from confluent_kafka.admin import OffsetSpec

from sluice.kafka import arguments as args
from sluice.kafka import cluster, connection

_EPILOG = """\
Prints TOPIC:PARTITION:OFFSET. The flags of kafka-get-offsets.sh are understood too.

TIME is earliest (-2), latest (-1), max-timestamp (-3: the record with the greatest time), milliseconds since 1970, or a time
such as 2026-01-31T12:00:00: the offset of the first record that is not older. A partition without one is left out.
"""


def main(arguments):
    parser = _parser()
    given = parser.parse_args(arguments)
    names = [*given.name, *given.topic]
    args.usage(parser, given.topic_partitions and (names or given.partitions),
               "--topic-partitions says all; leave topics and --partitions out")
    client = connection.admin(given)
    chosen = _chosen(client, names, given)
    for (topic, partition), offset in sorted(cluster.offsets(client, chosen, given.time).items()):
        if offset != cluster.NO_OFFSET:
            print(f"{topic}:{partition}:{offset}")
    return 0


def _parser():
    parser = args.parser("offsets", __doc__, epilog=_EPILOG)
    parser.add_argument("name", nargs="*", metavar="TOPIC", help="name or regular expression; without one, all topics")
    parser.add_argument("--topic", action="append", default=[], metavar="TOPIC", help="the same")
    parser.add_argument("--partitions", type=args.partitions, metavar="0,2-4", help="only these")
    parser.add_argument("--topic-partitions", type=_topic_partitions, metavar="t:0-2,u:1,v", help="exactly these")
    parser.add_argument("--exclude-internal-topics", action="store_true", help="without Kafka's own topics")
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--time", type=specification, default=OffsetSpec.latest(), metavar="TIME", help="default: latest")
    for name in ("earliest", "latest"):
        when.add_argument(f"--{name}", dest="time", action="store_const", const=specification(name), help=f"--time {name}")
    args.add_connection(parser)
    args.refuse(parser, max_wait_ms="use --connect-timeout", offsets="one offset is printed for a partition; use --time")
    return parser


def specification(text):
    """The OffsetSpec for a value of --time."""
    named = {"earliest": OffsetSpec.earliest, "-2": OffsetSpec.earliest, "latest": OffsetSpec.latest, "-1": OffsetSpec.latest,
             "max-timestamp": OffsetSpec.max_timestamp, "-3": OffsetSpec.max_timestamp}
    if text in named:
        return named[text]()
    if text in ("earliest-local", "-4", "latest-tiered", "-5", "earliest-pending-upload", "-6"):
        raise argparse.ArgumentTypeError("tiered storage is not known to the client library; use earliest or latest")
    return OffsetSpec.for_timestamp(args.timestamp(text))


def _topic_partitions(text):
    """`t:0-2,u:1,v` as topics with their partitions, or None for all; a number alone belongs to the topic before it."""
    found = []
    for part in text.split(","):
        topic, colon, numbers = part.partition(":")
        if re.fullmatch(r"[\d-]+", part) and found and found[-1][1]:
            found[-1][1].extend(args.partitions(part))
        else:
            found.append((topic, args.partitions(numbers) if colon else None))
    return found


def _chosen(client, names, given):
    """The (topic, partition) pairs that the command means."""
    topics = cluster.metadata(client).topics
    chosen = set()
    for name, numbers in given.topic_partitions or [(name, given.partitions) for name in names] or [(None, given.partitions)]:
        for topic in cluster.select(topics, [name] if name else [], exclude_internal=given.exclude_internal_topics):
            chosen.update((topic, number) for number in cluster.existing_partitions(topics[topic], numbers))
    return sorted(chosen)
