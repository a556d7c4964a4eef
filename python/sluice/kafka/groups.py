"""`sluice kafka groups`: lists and describes consumer groups with their lag, resets their offsets, and deletes them."""
from confluent_kafka import ConsumerGroupState, ConsumerGroupType
from confluent_kafka.admin import OffsetSpec

from sluice.kafka import arguments as args
from sluice.kafka import cluster, connection, group_offsets
from sluice.kafka.failure import Failure
from sluice.kafka.output import print_table

_FLAGS = ("--list", "--describe", "--reset-offsets", "--delete", "--delete-offsets")
_TIMES = {"request_timeout": cluster.REQUEST_SECONDS}
_STATES = {state.name.lower().replace("_", ""): state for state in ConsumerGroupState}


def main(arguments):
    parser = _parser()
    given = parser.parse_args(args.action_first(arguments, _FLAGS))
    given.names = [*given.name, *given.group]
    if given.needs_name:
        args.usage(given.parser, bool(given.names) == given.all_groups, "name groups, or give --all-groups")
    return given.run(given)


def _parser():
    parser = args.parser("groups", __doc__, epilog="The flags of kafka-consumer-groups.sh are understood too: --describe --group g")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = _action(actions, "list", "print the groups", _list, needs_name=False)
    listed.add_argument("--state", nargs="?", const="", metavar="STATE,...", help="with their states, if given only of these")
    listed.add_argument("--type", nargs="?", const="", metavar="TYPE,...", help="with their types, classic or consumer")
    describe = _action(actions, "describe", "print offsets and lag, members or states", _describe)
    what = describe.add_mutually_exclusive_group()
    what.add_argument("--offsets", action="store_true", help="offsets and lag of the partitions (default)")
    what.add_argument("--members", action="store_true")
    what.add_argument("--state", action="store_true")
    describe.add_argument("--verbose", action="store_true", help="with --members: their partitions")
    for name in ("reset-offsets", "reset"):
        reset = _action(actions, name, "move the offsets of groups without members; shows them only, unless --execute is given"
                        if name == "reset-offsets" else "the same", _reset)
        group_offsets.add_arguments(reset)
    _action(actions, "delete", "delete groups without members, with their offsets", _delete)
    unsupported = _action(actions, "delete-offsets", "not supported", _delete_offsets)
    unsupported.add_argument("--topic", action="append")
    return parser


def _action(actions, name, description, run, needs_name=True):
    action = args.add_action(actions, name, description)
    action.set_defaults(run=run, parser=action, needs_name=needs_name)
    action.add_argument("name", nargs="*", metavar="GROUP")
    action.add_argument("--group", action="append", default=[], metavar="GROUP", help="the same")
    action.add_argument("--all-groups", action="store_true")
    args.add_connection(action)
    args.refuse(action, zookeeper="use --bootstrap-server", timeout="use --connect-timeout SECONDS",
                validate_regex="only brokers can judge their regular expressions")
    return action


def _delete_offsets(given):
    given.parser.error("the client library can't delete a group's offsets of one topic: use `groups reset-offsets`, or `groups "
                       "delete` for all")


def _listed(client, **filters):
    found = client.list_consumer_groups(**filters, **_TIMES)
    result = cluster.answer(found, "groups")
    if result.errors and not result.valid:
        raise Failure(connection.error_text(result.errors[0]))
    return sorted(result.valid, key=lambda group: group.group_id)


def _list(given):
    filters = {}
    if given.state:
        filters["states"] = {_named(_STATES, name, "state") for name in given.state.split(",")}
    if given.type:
        types = {kind.name.lower(): kind for kind in (ConsumerGroupType.CLASSIC, ConsumerGroupType.CONSUMER)}
        filters["types"] = {_named(types, name, "type") for name in given.type.split(",")}
    groups = _listed(connection.admin(given), **filters)
    columns = [("GROUP", lambda group: group.group_id)]
    if given.type is not None:
        columns.append(("TYPE", lambda group: _word(group.type)))
    if given.state is not None:
        columns.append(("STATE", lambda group: _word(group.state)))
    if len(columns) == 1:
        for group in groups:
            print(group.group_id)
    else:
        print_table([title for title, _ in columns], [[cell(group) for _, cell in columns] for group in groups])
    return 0


def _named(known, name, what):
    plain = name.strip().lower().replace("_", "")
    if plain not in known:
        raise Failure(f"there is no {what} '{name}'; there are {', '.join(known)}")
    return known[plain]


def _word(value):
    """A state or type as Kafka writes it."""
    return "".join(part.capitalize() for part in value.name.split("_"))


def _names(client, given):
    return [group.group_id for group in _listed(client)] if given.all_groups else given.names


def _described(client, given):
    """The descriptions of the groups that the command means, all of which exist."""
    names = _names(client, given)
    if not names:
        return []
    found = {name: cluster.answer(future, f"group '{name}'")
             for name, future in client.describe_consumer_groups(names, **_TIMES).items()}
    for name, group in found.items():
        if group.state == ConsumerGroupState.DEAD:
            raise Failure(f"group '{name}' does not exist")
    return [found[name] for name in names]


def _describe(given):
    client = connection.admin(given)
    groups = _described(client, given)
    if given.members:
        _print_members(groups, given.verbose)
    elif given.state:
        print_table(["GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", "#MEMBERS"],
                    [(group.group_id, f"{group.coordinator.host}:{group.coordinator.port} ({group.coordinator.id_string})",
                      group.partition_assignor or None, _word(group.state), len(group.members)) for group in groups])
    else:
        _print_lag(client, groups)
    return 0


def _print_members(groups, verbose):
    headings = ["GROUP", "CONSUMER-ID", "HOST", "CLIENT-ID", "#PARTITIONS", *(["ASSIGNMENT"] if verbose else [])]
    print_table(headings, [(group.group_id, member.member_id, member.host, member.client_id, len(_assigned(member)),
                            *([", ".join(f"{topic}:{number}" for topic, number in sorted(_assigned(member))) or None]
                              if verbose else []))
                           for group in groups for member in group.members])


def _assigned(member):
    return [(at.topic, at.partition) for at in member.assignment.topic_partitions] if member.assignment else []


def _print_lag(client, groups):
    rows = [row for group in groups for row in _lag_rows(client, group)]
    print_table(["GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST", "CLIENT-ID"],
                rows)


def _lag_rows(client, group):
    owners = {at: member for member in group.members for at in _assigned(member)}
    committed = group_offsets.committed(client, group.group_id)
    partitions = sorted({*owners, *committed})
    existing = cluster.metadata(client).topics
    ends = cluster.offsets(client, [at for at in partitions if at[0] in existing], OffsetSpec.latest())
    for at in partitions:
        member, current, end = owners.get(at), committed.get(at), ends.get(at)
        lag = None if current is None or end is None else max(end - current, 0)
        yield (group.group_id, *at, current, end, lag,
               *((member.member_id, member.host, member.client_id) if member else (None,) * 3))


def _reset(given):
    group_offsets.check(given)
    client = connection.admin(given)
    rows = []
    for name in _names(client, given):
        _check_idle(client, name)
        new = group_offsets.new_offsets(client, name, given)
        if given.execute:
            group_offsets.commit(client, name, new)
        rows += [(name, *at, offset) for at, offset in sorted(new.items())]
    group_offsets.print_result(rows, given)
    return 0


def _check_idle(client, name):
    group = cluster.answer(client.describe_consumer_groups([name], **_TIMES)[name], f"group '{name}'")
    if group.state not in (ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD):
        raise Failure(f"group '{name}' is {_word(group.state)}: stop its consumers before its offsets are reset")


def _delete(given):
    client = connection.admin(given)
    names = [group.group_id for group in _described(client, given)]
    for name, future in (client.delete_consumer_groups(names, **_TIMES) if names else {}).items():
        cluster.answer(future, f"group '{name}'")
        print(f"Deleted group {name}.")
    return 0
