"""What the admin sub-commands ask of a cluster: its topics, partitions and offsets, and the answers to their requests."""
import re

from confluent_kafka import KafkaException, TopicPartition

from sluice.kafka.connection import error_text
from sluice.kafka.failure import Failure

REQUEST_SECONDS = 30
NO_OFFSET = -1
INTERNAL_TOPICS = ("__consumer_offsets", "__transaction_state", "__share_group_state")


def metadata(client):
    """That of all topics; asking for one could create it."""
    return client.list_topics(timeout=REQUEST_SECONDS)


def has_controller(client):
    """librdkafka's in-memory cluster has none, and its client would wait for one."""
    cluster = metadata(client)
    return cluster.controller_id in cluster.brokers


def matching(name, topics):
    """The topic of that name or, without one, those that match it as a regular expression."""
    if name in topics:
        return [name]
    try:
        pattern = re.compile(name.replace(",", "|"))
    except re.error:
        return []
    return [topic for topic in topics if pattern.fullmatch(topic)]


def select(topics, names, if_exists=False, exclude_internal=False):
    """Names of the topics that the user means, in order; all of them without a name."""
    chosen = set() if names else set(topics)
    for name in names:
        found = matching(name, topics)
        if not found and not if_exists:
            raise Failure(f"topic '{name}' does not exist")
        chosen.update(found)
    return sorted(chosen.difference(INTERNAL_TOPICS if exclude_internal else ()))


def existing_partitions(topic, numbers=None):
    """All partitions of a topic's metadata, or those of the numbers, which must exist."""
    for number in numbers or ():
        if number not in topic.partitions:
            raise Failure(f"topic '{topic.topic}' has no partition {number}")
    return sorted(topic.partitions if numbers is None else numbers)


def answer(future, subject):
    """The result of a request of the admin client; its error becomes a Failure about the subject."""
    try:
        return future.result()
    except KafkaException as error:
        raise Failure(f"{subject}: {error_text(error.args[0])}") from None


def offsets(client, partitions, specification):
    """The offset of each (topic, partition) by the OffsetSpec; NO_OFFSET where a time has none."""
    if not partitions:
        return {}
    request = {TopicPartition(topic, number): specification for topic, number in partitions}
    futures = client.list_offsets(request, request_timeout=REQUEST_SECONDS)
    return {(at.topic, at.partition): answer(future, f"partition {at.partition} of topic '{at.topic}'").offset
            for at, future in futures.items()}
