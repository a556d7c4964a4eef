"""The generated pages are current, and the examples that they show give what Spark gives."""
import json
import subprocess
import sys

import pytest
from pyspark.sql.connect.session import SparkSession

import running

EXAMPLES = running.ROOT / "tests" / "function_examples.json"


def test_pages_are_current(server_program):
    done = subprocess.run([sys.executable, running.ROOT / "tools" / "generate_docs.py", "--check", "--server", server_program],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def spark(server):
    session = SparkSession.builder.remote(server.remote).create()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    session.conf.set("spark.sql.timeType.enabled", "true")
    yield session
    session.stop()


def test_every_function_has_a_recorded_example(server_program):
    listed = subprocess.run([server_program, "--list-functions"], check=True, capture_output=True, text=True).stdout
    recorded = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    missing = [entry["name"] for entry in json.loads(listed) if entry["example"] and entry["example"] not in recorded]
    assert not missing, "run tools/record_examples.py"


def test_examples_give_what_spark_gives(spark):
    recorded = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    wrong = []
    for query, wanted in recorded.items():
        try:
            got = running.query_result(spark, query)
        except Exception as error:
            got = f"{type(error).__name__}: {str(error)[:300]}"
        if got[: len(wanted)] != wanted if len(wanted) == 1 else got != wanted:
            wrong.append(f"{query}\n  wanted {wanted}\n  got    {got}")
    assert not wrong, "\n".join(wrong)
