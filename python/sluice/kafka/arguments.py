"""What the command lines of `sluice kafka` have in common: parsers, Kafka's flags for actions, refusals, kinds of values."""
import argparse
import datetime
import re

CONNECT_SECONDS = 5


def parser(command, description, **settings):
    """A parser whose options can't be shortened, as a shortened one could mean another of Kafka's flags."""
    return argparse.ArgumentParser(prog=f"sluice kafka {command}", description=description, allow_abbrev=False,
                                   formatter_class=argparse.RawDescriptionHelpFormatter, **settings)


def add_action(actions, name, description, **settings):
    """The parser of one action, such as `topics create`."""
    return actions.add_parser(name, help=description, description=description, allow_abbrev=False, **settings)


def action_first(arguments, flags):
    """Kafka's tools take the action as a flag at any place: `--topic t --create` becomes `create --topic t`."""
    if arguments and arguments[0].startswith("-"):
        for at, word in enumerate(arguments):
            if word in flags:
                return [word[2:], *arguments[:at], *arguments[at + 1:]]
    return arguments


def add_connection(to, property_names=(), file_names=()):
    """The options that say where the brokers are and how to speak to them."""
    group = to.add_argument_group("connection")
    group.add_argument("--bootstrap-server", "-b", metavar="HOST:PORT",
                       help="some brokers, with commas between them (default: those of the configuration file, "
                            "$KAFKA_BOOTSTRAP_SERVERS, or localhost:9092)")
    group.add_argument("--command-config", metavar="FILE", help="file of Java client properties, for TLS and SASL")
    group.add_argument("--command-property", action="append", default=[], type=key_value, metavar="KEY=VALUE",
                       help="one Java client property; it wins over the file's")
    synonyms(group, "--bootstrap-server", "--bootstrap-servers", "--broker-list")
    synonyms(group, "--command-config", *file_names)
    synonyms(group, "--command-property", *property_names, action="append", type=key_value)
    group.add_argument("--connect-timeout", type=number, default=CONNECT_SECONDS, metavar="SECONDS",
                       help=f"wait for the brokers (default: {CONNECT_SECONDS})")


def synonyms(to, option, *names, **settings):
    """More names of an option, which its help need not show."""
    if names:
        to.add_argument(*names, dest=option[2:].replace("-", "_"), default=argparse.SUPPRESS, help=argparse.SUPPRESS, **settings)


class _Refused(argparse.Action):
    def __init__(self, option_strings, dest, instead):
        super().__init__(option_strings, argparse.SUPPRESS, nargs="?", help=argparse.SUPPRESS)
        self._instead = instead

    def __call__(self, parser, namespace, values, option_string=None):
        parser.error(f"{option_string} is not supported: {self._instead}")


def refuse(to, **flags):
    """Flags of Kafka's tools that have no place here, and what to do instead; underscores are dashes."""
    for name, instead in flags.items():
        to.add_argument("--" + name.replace("_", "-"), action=_Refused, instead=instead)


def usage(to, wrong, text):
    """Ends with the usage and status 2 if something is wrong."""
    if wrong:
        to.error(text)


def key_value(text):
    """KEY=VALUE as a pair."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"'{text}' is not KEY=VALUE")
    return key, value


def number(text):
    """A positive number."""
    return _positive(text, float)


def count(text):
    """A positive whole number."""
    return _positive(text, int)


def _positive(text, kind):
    try:
        value = kind(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive {'whole ' if kind is int else ''}number")
    return value


def partitions(text):
    """`0,2,5-7` as [0, 2, 5, 6, 7]."""
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip())
        if match is None:
            raise argparse.ArgumentTypeError(f"'{part}' is not a partition")
        found.extend(range(int(match[1]), int(match[2] or match[1]) + 1))
    return found


def timestamp(text):
    """Milliseconds since 1970, given as such or as an ISO date and time, which is UTC unless it says otherwise."""
    if re.fullmatch(r"\d+", text):
        return int(text)
    try:
        # Python 3.10 knows neither Z nor one digit of a second.
        iso = re.sub(r"[zZ]$", "+00:00", text)
        iso = re.sub(r"\.(\d{1,6})\d*", lambda match: "." + match[1].ljust(6, "0"), iso)
        moment = datetime.datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", iso) if "T" in iso else iso)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is neither milliseconds since 1970 nor a time such as 2026-01-31T12:00:00") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return round(moment.timestamp() * 1000)


def duration(text):
    """Milliseconds of an ISO duration such as P1DT2H30M."""
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", text)
    if match is None or not any(match.groups()):
        raise argparse.ArgumentTypeError(f"'{text}' is not a duration such as P1DT2H30M")
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return round((((days * 24 + hours) * 60 + minutes) * 60 + rest) * 1000)
