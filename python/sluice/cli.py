"""The `sluice` command: picks the sub-command; each one is imported only when it runs."""
import sys

USAGE = """\
usage: sluice COMMAND ...

  submit [options] app.py [args...]  run a PySpark program (the options of spark-submit)
  shell [options] [-i script.py]     a Python prompt with `spark`
  sql [-e QUERY | -f FILE]           run SQL statements
  serve [--port N]                   a server for Spark Connect clients
  checkpoint COMMAND FOLDER          show, verify or compare the checkpoint of a query
  kafka COMMAND                      topics, records and consumer groups of Apache Kafka
  --version                          print the versions

`sluice COMMAND --help` tells more.
"""


def version():
    from importlib.metadata import version as installed

    from sluice import __version__

    python = ".".join(map(str, sys.version_info[:3]))
    return f"sluice {__version__} (Spark API {installed('pyspark-client')}, Python {python})"


def main(argv=None):
    arguments = sys.argv[1:] if argv is None else list(argv)
    command, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if command in ("--version", "version"):
        print(version())
        return 0
    if command in ("--help", "-h", "help"):
        print(USAGE, end="")
        return 0
    if command == "submit":
        from sluice.submit import main as run
    elif command == "shell":
        from sluice.shell import main as run
    elif command == "sql":
        from sluice.sql import main as run
    elif command == "serve":
        from sluice.serve import main as run
    elif command == "checkpoint":
        from sluice.checkpoint import main as run
    elif command == "kafka":
        from sluice.kafka.command import main as run
    else:
        print(f"sluice: unknown command '{command}'\n\n{USAGE}", end="", file=sys.stderr)
        return 2
    return run(rest)
