"""Runs one test program and compares what it prints with its recording."""
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "tests" / "programs"
KAFKA_PROGRAMS = ROOT / "tests" / "kafka"
# Its programs run through spark-submit and `sluice submit`, the others against a running server.
SUBMIT_AREA = "submit"


@dataclass
class Outcome:
    status: int | None  # None: it did not end in time
    output: str
    errors: str


def programs():
    """Every program: what lies in a folder of tests/programs and is no helper."""
    return sorted(path for path in PROGRAMS.glob("*/*.py") if not path.name.startswith("_"))


def kafka_programs():
    """Those that need a broker, whose address they find in KAFKA_BOOTSTRAP."""
    return sorted(path for path in KAFKA_PROGRAMS.glob("*.py") if path.name != "brokers.py")


def recording(program):
    return program.with_suffix(".out")


def is_submitted(program):
    return program.parent.name == SUBMIT_AREA


def execute(command, timeout=120, **variables):
    """Runs a command in an empty folder with a fixed environment."""
    folder = tempfile.mkdtemp(prefix="program-")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("SPARK_", "PYSPARK_", "SLUICE_"))}
    environment.update(TZ="UTC", LC_ALL="C.UTF-8", PYTHONHASHSEED="0", PYTHONWARNINGS="ignore", PYTHONPATH=str(PROGRAMS),
                       PYTHONDONTWRITEBYTECODE="1")
    environment.update({key: value for key, value in variables.items() if value is not None})
    child = subprocess.Popen([str(word) for word in command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        output, errors = child.communicate(timeout=timeout)
        status = child.returncode
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGINT)
        try:
            output, errors = child.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            output, errors = child.communicate()
        status = None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(status, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))


def against_server(program, remote, python, timeout=120, **variables):
    """Runs the program with the plain client against the server at `remote`."""
    return execute([python, program], timeout, SPARK_REMOTE=remote, SPARK_HOME=tempfile.gettempdir(), **variables)


def difference(wanted, outcome):
    """What differs from the wanted output, or None."""
    for number, (want, got) in enumerate(zip_longest(wanted.splitlines(), outcome.output.splitlines()), 1):
        if want != got:
            text = f"line {number}:\n  wanted {want!r}\n  got    {got!r}"
            if got is None or outcome.status != 0:
                text += f"\nstatus {outcome.status}\n{outcome.errors[-3000:]}"
            return text
    if outcome.status != 0:
        return f"status {outcome.status} after the last line\n{outcome.errors[-3000:]}"
    return None


def query_result(spark, query):
    """The schema and the rows of a query, as texts that compare well."""
    frame = spark.sql(query)
    return [frame.schema.simpleString(), *map(repr, frame.collect())]
