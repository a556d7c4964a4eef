"""`sluice kafka`: picks the sub-command, and gives every kind of end its message and exit status."""
import importlib
import os
import signal
import sys

from sluice.kafka.failure import Failure

USAGE = """\
usage: sluice kafka COMMAND ...

  topics    create, list, describe, alter and delete topics, and their configurations
  produce   write records from standard input or a file
  consume   print records
  offsets   print the first, the last, or a time's offsets of partitions
  groups    list, describe, reset and delete consumer groups
  dev       an in-memory cluster for trying things; it forgets everything at its end

`sluice kafka COMMAND --help` tells more. The names of Kafka's own scripts do as well, with their flags:
kafka-topics, kafka-console-producer, kafka-console-consumer, kafka-get-offsets, kafka-consumer-groups.

The brokers are those of --bootstrap-server, else of $KAFKA_BOOTSTRAP_SERVERS, else localhost:9092.
"""

_COMMANDS = ("topics", "produce", "consume", "offsets", "groups", "dev")
_SCRIPTS = {"console-producer": "produce", "console-consumer": "consume", "get-offsets": "offsets", "consumer-groups": "groups"}
_ELSEWHERE = {"configs": "`sluice kafka topics configs` shows and changes the configuration of topics"}


def main(arguments):
    name, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if name in ("--help", "-h", "help"):
        print(USAGE, end="")
        return 0
    plain = name.removeprefix("kafka-").removesuffix(".sh")
    command = _SCRIPTS.get(plain, plain)
    if command not in _COMMANDS:
        print(f"sluice kafka: unknown command '{name}'{_hint(plain)}\n\n{USAGE}", end="", file=sys.stderr)
        return 2
    return _ended(command, rest)


def _hint(name):
    return f"; {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""


def _ended(command, arguments):
    """Runs the sub-command; a signal or a closed pipe ends it without a word, with the shell's status for it."""
    signals = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: _interrupt(signals, number))
    try:
        status = _run(command, arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The interpreter flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except (KeyboardInterrupt, SystemError):  # the client library's functions make the second of the first
        if not signals:
            raise
        return 128 + signals[0]


def _interrupt(signals, number):
    signals.append(number)
    raise KeyboardInterrupt


def _run(command, arguments):
    try:
        return importlib.import_module(f"sluice.kafka.{command}").main(arguments)
    except Failure as failure:
        text = str(failure)
    except Exception as error:
        text = _client_error(error)
    print(f"sluice kafka: {text}", file=sys.stderr)
    return 1


def _client_error(error):
    from confluent_kafka import KafkaException

    if isinstance(error, KafkaException) and error.args:
        from sluice.kafka.connection import error_text

        return error_text(error.args[0])
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    raise error
