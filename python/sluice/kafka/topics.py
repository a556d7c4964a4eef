"""`sluice kafka topics`: creates, lists, describes, alters and deletes topics, and shows and sets their configurations."""
import argparse

from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ConfigSource, NewPartitions, NewTopic

from sluice.kafka import arguments as args
from sluice.kafka import cluster, connection
from sluice.kafka.failure import Failure
from sluice.kafka.output import print_table

_FLAGS = ("--create", "--list", "--describe", "--alter", "--delete")
_FROM = {ConfigSource.DYNAMIC_TOPIC_CONFIG.value: "topic", ConfigSource.DYNAMIC_BROKER_CONFIG.value: "broker",
         ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG.value: "brokers", ConfigSource.STATIC_BROKER_CONFIG.value: "broker's file",
         ConfigSource.DEFAULT_CONFIG.value: "default"}
_TIMES = {"operation_timeout": cluster.REQUEST_SECONDS, "request_timeout": cluster.REQUEST_SECONDS}
_REPLICATION_UNKNOWN = -1


def main(arguments):
    given = _parser().parse_args(args.action_first(arguments, _FLAGS))
    given.names = [*given.name, *given.topic]
    args.usage(given.parser, given.needs_name and not given.names, "name a topic")
    return given.run(given)


def _parser():
    parser = args.parser("topics", __doc__, epilog="The flags of kafka-topics.sh are understood too: --create --topic t, ...")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = _action(actions, "create", "create topics", _create)
    create.add_argument("--partitions", type=args.count, metavar="N", help="default: the broker's num.partitions")
    create.add_argument("--replication-factor", type=args.count, metavar="N", help="default: the broker's")
    create.add_argument("--replica-assignment", type=_assignment, metavar="1:2,2:3",
                        help="the brokers of each partition, in place of the two numbers")
    create.add_argument("--config", action="append", default=[], type=args.key_value, metavar="KEY=VALUE")
    create.add_argument("--if-not-exists", action="store_true", help="no error if the topic is there")
    listed = _action(actions, "list", "print the names of topics", _list, needs_name=False)
    listed.add_argument("--exclude-internal", action="store_true", help="without Kafka's own topics")
    _add_describe(_action(actions, "describe", "print partitions, replicas and configurations", _describe, needs_name=False))
    alter = _action(actions, "alter", "give topics more partitions", _alter)
    alter.add_argument("--partitions", type=args.count, required=True, metavar="N", help="how many there shall be")
    alter.add_argument("--if-exists", action="store_true", help="no error if the topic is not there")
    args.refuse(alter, config="use `sluice kafka topics configs TOPIC --set KEY=VALUE`",
                delete_config="use `sluice kafka topics configs TOPIC --delete KEY`",
                replica_assignment="new partitions are placed by the brokers; leave it out")
    delete = _action(actions, "delete", "delete topics with all their records", _delete)
    delete.add_argument("--if-exists", action="store_true", help="no error if the topic is not there")
    configs = _action(actions, "configs", "show or change what is configured for topics", _configs)
    configs.add_argument("--all", action="store_true", help="also the values that are defaults")
    configs.add_argument("--set", action="append", default=[], type=args.key_value, metavar="KEY=VALUE")
    configs.add_argument("--delete", action="append", default=[], metavar="KEY", help="back to the default")
    return parser


def _action(actions, name, description, run, needs_name=True):
    action = args.add_action(actions, name, description)
    action.set_defaults(run=run, parser=action, needs_name=needs_name)
    action.add_argument("name", nargs="*", metavar="TOPIC",
                        help="name" if name == "create" else "name or, where no topic has that name, regular expression")
    action.add_argument("--topic", action="append", default=[], metavar="TOPIC", help="the same")
    args.add_connection(action)
    args.refuse(action, zookeeper="use --bootstrap-server", topic_id="name the topic",
                topic_id_type="name the topic")
    return action


def _add_describe(action):
    action.add_argument("--exclude-internal", action="store_true", help="without Kafka's own topics")
    action.add_argument("--topics-with-overrides", action="store_true", help="only topics with configurations of their own")
    action.add_argument("--under-replicated-partitions", action="store_true", help="only partitions that lack a replica in sync")
    action.add_argument("--unavailable-partitions", action="store_true", help="only partitions without a leader")
    action.add_argument("--if-exists", action="store_true", help="no error if the topic is not there")
    other = "use --under-replicated-partitions or --unavailable-partitions"
    args.refuse(action, at_min_isr_partitions=other, under_min_isr_partitions=other, partition_size_limit_per_response=other)


def _assignment(text):
    try:
        return [[int(broker) for broker in replicas.split(":")] for replicas in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not brokers such as 1:2,2:3") from None


def _topics(client, given, if_exists=False):
    """The metadata of the topics that the command names, in order."""
    every = cluster.metadata(client).topics
    names = cluster.select(every, given.names, if_exists, getattr(given, "exclude_internal", False))
    return [every[name] for name in names]


def _check_controller(client):
    if not cluster.has_controller(client):
        raise Failure("this cluster has no controller, which changes topics and knows their configurations; the in-memory cluster "
                      "of `sluice kafka dev` makes topics by its option --topic and when they are first used")


def _wait_for(futures):
    for name, future in futures.items():
        cluster.answer(future, f"topic '{name}'")


def _create(given):
    args.usage(given.parser, given.replica_assignment and (given.partitions or given.replication_factor),
               "--replica-assignment says all about partitions and replicas; leave the other options out")
    client = connection.admin(given)
    _check_controller(client)
    there = cluster.metadata(client).topics if given.if_not_exists else ()
    names = [name for name in given.names if name not in there]
    if names:
        _wait_for(client.create_topics([_new_topic(name, given) for name in names], **_TIMES))
    for name in names:
        print(f"Created topic {name}.")
    return 0


def _new_topic(name, given):
    if given.replica_assignment:
        return NewTopic(name, len(given.replica_assignment), replica_assignment=given.replica_assignment,
                        config=dict(given.config))
    return NewTopic(name, given.partitions or -1, given.replication_factor or _REPLICATION_UNKNOWN, config=dict(given.config))


def _list(given):
    for topic in _topics(connection.admin(given), given):
        print(topic.topic)
    return 0


def _describe(given):
    client = connection.admin(given)
    topics = _topics(client, given, given.if_exists)
    own = {topic.topic: _own_configs(client, topic.topic) for topic in topics}
    selective = given.under_replicated_partitions or given.unavailable_partitions
    for topic in topics:
        if given.topics_with_overrides and not own[topic.topic]:
            continue
        if not selective:
            _print_topic(topic, own[topic.topic])
        if not given.topics_with_overrides:
            for _, partition in sorted(topic.partitions.items()):
                _print_partition(topic.topic, partition, given)
    return 0


def _print_topic(topic, configs):
    replicas = max((len(partition.replicas) for partition in topic.partitions.values()), default=0)
    settings = ",".join(f"{entry.name}={_shown(entry)}" for entry in configs)
    print(f"Topic: {topic.topic}\tPartitionCount: {len(topic.partitions)}\tReplicationFactor: {replicas}\tConfigs: {settings}")


def _print_partition(topic, partition, given):
    if given.under_replicated_partitions and len(partition.isrs) == len(partition.replicas):
        return
    if given.unavailable_partitions and partition.leader >= 0:
        return
    leader = partition.leader if partition.leader >= 0 else "none"
    replicas, in_sync = (",".join(map(str, brokers)) for brokers in (partition.replicas, partition.isrs))
    print(f"\tTopic: {topic}\tPartition: {partition.id}\tLeader: {leader}\tReplicas: {replicas}\tIsr: {in_sync}")


def _alter(given):
    client = connection.admin(given)
    topics = _topics(client, given, given.if_exists)
    if topics:
        _check_controller(client)
        _wait_for(client.create_partitions([NewPartitions(topic.topic, given.partitions) for topic in topics], **_TIMES))
    return 0


def _delete(given):
    client = connection.admin(given)
    topics = _topics(client, given, given.if_exists)
    if topics:
        _check_controller(client)
        _wait_for(client.delete_topics([topic.topic for topic in topics], **_TIMES))
    return 0


def _configs(given):
    client = connection.admin(given)
    topics = _topics(client, given)
    _check_controller(client)
    if given.set or given.delete:
        for topic in topics:
            _change(client, topic.topic, given)
        return 0
    rows = [(topic.topic, entry.name, _shown(entry), _FROM.get(entry.source, "?"))
            for topic in topics for entry in _all_configs(client, topic.topic) if given.all or _is_own(entry)]
    print_table(["TOPIC", "KEY", "VALUE", "FROM"], rows)
    return 0


def _change(client, topic, given):
    changes = [ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in given.set]
    changes += [ConfigEntry(key, None, incremental_operation=AlterConfigOpType.DELETE) for key in given.delete]
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=changes)
    for future in client.incremental_alter_configs([resource], request_timeout=cluster.REQUEST_SECONDS).values():
        cluster.answer(future, f"topic '{topic}'")


def _all_configs(client, topic):
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    future, = client.describe_configs([resource], request_timeout=cluster.REQUEST_SECONDS).values()
    return sorted(cluster.answer(future, f"topic '{topic}'").values(), key=lambda entry: entry.name)


def _own_configs(client, topic):
    """What is configured for the topic itself; nothing where there is no controller to ask, or no permission to."""
    if not cluster.has_controller(client):
        return []
    return [entry for entry in _all_configs(client, topic) if _is_own(entry)]


def _is_own(entry):
    return entry.source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value


def _shown(entry):
    return "(secret)" if entry.is_sensitive else entry.value
