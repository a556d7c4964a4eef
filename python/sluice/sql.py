"""`sluice sql`: runs SQL statements and prints their rows, tab-separated, as spark-sql does."""
import argparse
import sys

from sluice import options as command_line
from sluice import submit
from sluice.server_process import ServerError


def main(arguments):
    parser = argparse.ArgumentParser(prog="sluice sql", description=__doc__.splitlines()[0], add_help=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter, epilog=command_line.HELP)
    parser.add_argument("-e", metavar="QUERY", action="append", help="statements to run")
    parser.add_argument("-f", metavar="FILE", help="file of statements to run")
    parser.add_argument("--help", "-h", action="help")
    given, rest = parser.parse_known_args(arguments)
    try:
        options = command_line.parse(rest, takes_application=False)
        text = "\n;".join(given.e) if given.e else _file_text(given.f)
        submit.prepare(options, "SparkSQL::" + "sluice", [""])
    except (command_line.UsageError, ServerError, OSError) as error:
        print(f"sluice: {error}", file=sys.stderr)
        return 1
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.getOrCreate()
    if text is None and sys.stdin.isatty():
        return _prompt(spark)
    for statement in statements(sys.stdin.read() if text is None else text):
        if not _run(spark, statement):
            return 1
    return 0


def _file_text(path):
    if path is None:
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()


def statements(text):
    """The statements between semicolons that stand outside of quotes and comments."""
    start = at = 0
    found = []
    while at < len(text):
        character = text[at]
        if character in "'\"`":
            at += 1
            while at < len(text) and text[at] != character:
                at += 2 if text[at] == "\\" and character != "`" else 1
        elif text.startswith("--", at):
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
            continue
        elif text.startswith("/*", at):
            at = text.find("*/", at) + 1 if "*/" in text[at:] else len(text)
        elif character == ";":
            found.append(text[start:at])
            start = at + 1
        at += 1
    found.append(text[start:])
    return [statement.strip() for statement in found if _has_code(statement)]


def _has_code(statement):
    import re

    return re.sub(r"--[^\n]*|/\*.*?\*/", "", statement, flags=re.S).strip() != ""


def _run(spark, statement):
    """Prints the rows; False after an error, which is printed."""
    from pyspark.errors import PySparkException

    try:
        frame = spark.sql(statement)
        if frame.columns:
            from pyspark.sql import functions as F

            texts = frame.toDF(*(f"c{i}" for i in range(len(frame.columns))))
            rows = texts.select(*(F.col(name).cast("string") for name in texts.columns)).toLocalIterator()
            for row in rows:
                print("\t".join("NULL" if value is None else value for value in row))
    except PySparkException as error:
        print(error, file=sys.stderr)
        return False
    return True


def _prompt(spark):
    import readline  # noqa: F401  (line editing)

    pending = ""
    while True:
        try:
            line = input("sluice-sql> " if not pending else "          > ")
        except EOFError:
            print()
            return 0
        except KeyboardInterrupt:
            print()
            pending = ""
            continue
        if not pending and line.strip().rstrip(";").lower() in ("quit", "exit"):
            return 0
        pending += line + "\n"
        if pending.rstrip().endswith(";"):
            for statement in statements(pending):
                _run(spark, statement)
            pending = ""
