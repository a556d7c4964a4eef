"""The offsets of a consumer group: those that it has, and new ones for `sluice kafka groups reset-offsets`."""
import csv
import sys
import time

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import OffsetSpec

from sluice.kafka import arguments as args
from sluice.kafka import cluster
from sluice.kafka.failure import Failure
from sluice.kafka.output import print_table


def add_arguments(to):
    """What is reset, where to, and whether."""
    to.add_argument("--topic", action="append", default=[], type=_topic, metavar="TOPIC[:0,1]")
    to.add_argument("--all-topics", action="store_true", help="all that the group has offsets of")
    target = to.add_argument_group("new offsets").add_mutually_exclusive_group(required=True)
    target.add_argument("--to-earliest", action="store_true")
    target.add_argument("--to-latest", action="store_true")
    target.add_argument("--to-current", action="store_true", help="where they are")
    target.add_argument("--to-offset", type=int, metavar="N")
    target.add_argument("--shift-by", type=int, metavar="N", help="forward or, if negative, back")
    target.add_argument("--to-datetime", type=args.timestamp, metavar="TIME", help="such as 2026-01-31T12:00:00, UTC")
    target.add_argument("--by-duration", type=args.duration, metavar="P1DT2H", help="to what came so long ago")
    target.add_argument("--from-file", metavar="FILE", help="lines TOPIC,PARTITION,OFFSET")
    how = to.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="show only (default)")
    how.add_argument("--execute", action="store_true", help="do it")
    to.add_argument("--export", action="store_true", help="print lines for --from-file")


def _topic(text):
    name, colon, numbers = text.partition(":")
    return name, args.partitions(numbers) if colon else None


def check(given):
    """A wrong use ends with status 2."""
    scopes = bool(given.topic) + given.all_topics
    args.usage(given.parser, given.from_file and scopes, "--from-file says what is reset; leave topics out")
    args.usage(given.parser, not given.from_file and scopes != 1, "give --topic TOPIC or --all-topics")


def committed(client, group):
    """The group's offset of each (topic, partition)."""
    request = [ConsumerGroupTopicPartitions(group)]
    future = client.list_consumer_group_offsets(request, request_timeout=cluster.REQUEST_SECONDS)[group]
    found = cluster.answer(future, f"group '{group}'").topic_partitions
    return {(at.topic, at.partition): at.offset for at in found if at.offset >= 0}


def commit(client, group, offsets):
    """Gives the group these offsets."""
    if not offsets:
        return
    request = [ConsumerGroupTopicPartitions(group, [TopicPartition(*at, offset) for at, offset in offsets.items()])]
    future = client.alter_consumer_group_offsets(request, request_timeout=cluster.REQUEST_SECONDS)[group]
    for at in cluster.answer(future, f"group '{group}'").topic_partitions:
        if at.error is not None:
            raise Failure(f"group '{group}', partition {at.partition} of topic '{at.topic}': {at.error.str()}")


def new_offsets(client, group, given):
    """What the options make of the group's offsets, within what the partitions have."""
    if given.from_file:
        wanted = _of_file(given.from_file)
        return _within(client, wanted)
    current = committed(client, group) if given.all_topics or given.to_current or given.shift_by is not None else {}
    partitions = sorted(current) if given.all_topics else _partitions(client, given.topic)
    if given.to_earliest or given.to_latest:
        specification = OffsetSpec.earliest() if given.to_earliest else OffsetSpec.latest()
        return cluster.offsets(client, partitions, specification)
    if given.to_datetime is not None or given.by_duration is not None:
        moment = round(time.time() * 1000) - given.by_duration if given.to_datetime is None else given.to_datetime
        return _at_time(client, partitions, moment)
    if given.to_offset is not None:
        return _within(client, {at: given.to_offset for at in partitions})
    for topic, number in partitions:
        if (topic, number) not in current:
            raise Failure(f"group '{group}' has no offset of partition {number} of topic '{topic}'")
    return _within(client, {at: current[at] + (given.shift_by or 0) for at in partitions})


def _partitions(client, wanted):
    topics = cluster.metadata(client).topics
    found = set()
    for name, numbers in wanted:
        if name not in topics:
            raise Failure(f"topic '{name}' does not exist")
        found.update((name, number) for number in cluster.existing_partitions(topics[name], numbers))
    return sorted(found)


def _at_time(client, partitions, moment):
    found = cluster.offsets(client, partitions, OffsetSpec.for_timestamp(moment))
    younger = [at for at, offset in found.items() if offset == cluster.NO_OFFSET]
    return {**found, **cluster.offsets(client, younger, OffsetSpec.latest())}


def _within(client, wanted):
    first = cluster.offsets(client, sorted(wanted), OffsetSpec.earliest())
    last = cluster.offsets(client, sorted(wanted), OffsetSpec.latest())
    kept = {at: min(max(offset, first[at]), last[at]) for at, offset in wanted.items()}
    for (topic, number), offset in kept.items():
        if offset != wanted[topic, number]:
            print(f"sluice kafka: partition {number} of topic '{topic}' has no offset {wanted[topic, number]}; "
                  f"the nearest is {offset}", file=sys.stderr)
    return kept


def _of_file(path):
    offsets = {}
    with open(path, newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.reader(file), 1):
            try:
                topic, partition, offset = row
                offsets[topic, int(partition)] = int(offset)
            except ValueError:
                raise Failure(f"{path}: line {number} is not TOPIC,PARTITION,OFFSET") from None
    return offsets


def print_result(rows, given):
    """(group, topic, partition, offset) as a table, or as lines for --from-file."""
    if given.export:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows(row[1:] for row in rows)
    else:
        print_table(["GROUP", "TOPIC", "PARTITION", "NEW-OFFSET"], rows)
    if not given.execute:
        print("sluice kafka: nothing is changed yet; --execute does it", file=sys.stderr)
