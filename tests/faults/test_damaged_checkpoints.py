"""A damaged checkpoint is an error that names the file or the batch, or does not matter; never a wrong result or a dead server."""
import os
import re
import shutil

import pytest
from pyspark.sql.connect.session import SparkSession

from serving import Server

from .scenarios import SCENARIOS, make_input, settings

SCENARIO_NAMES = ("counts in memory", "csv to parquet")
PARTS = ("metadata", "offsets/", "commits/", "state/")
DAMAGES = {
    "empty": lambda content: b"",
    "half": lambda content: content[:len(content) // 2],
    "longer": lambda content: content + b"\nmore",
    "bits": lambda content: content[:-3] + bytes(byte ^ 0x5A for byte in content[-3:]),
    "binary": lambda content: b"\x00\xff\xfe\x80 not a log \xc3",
    "text": lambda content: b"v1\nnot what was here",
    "version": lambda content: content.replace(b"v1", b"v99", 1),
    "array": lambda content: b"v1\n[[[[1]]]]",
    "missing": None,
}


@pytest.fixture(scope="module")
def session(server_program):
    with Server(server_program) as server:
        spark = SparkSession.builder.remote(server.remote).create()
        for key, value in settings().items():
            spark.conf.set(key, value)
        # What is damaged must not be tidied away first.
        spark.conf.set("spark.sql.streaming.minBatchesToRetain", "100")
        spark.conf.set("spark.sql.streaming.stateStore.maintenanceInterval", "1h")
        yield spark
        assert server.alive(), server.log()[-3000:]
        spark.stop()


class Stopped:
    """A query stopped before its last input file, to be continued from copies of its folder."""

    def __init__(self, spark, scenario, folder):
        self.scenario, self.folder = scenario, str(folder)
        make_input(self.folder)
        last = max(os.listdir(self.folder + "/in"))
        os.rename(f"{self.folder}/in/{last}", f"{self.folder}/{last}")
        scenario.start(spark, self.folder).awaitTermination()
        self.last = last
        self.files = sorted(os.path.relpath(os.path.join(top, name), self.folder)
                            for part in PARTS for top, _, names in os.walk(os.path.join(self.folder, "checkpoint"))
                            for name in names
                            if os.path.relpath(os.path.join(top, name), self.folder + "/checkpoint").startswith(part)
                            and not name.endswith(".crc"))
        self.result = None

    def go_on(self, spark, damage=lambda folder: None):
        # In place: paths are in the logs.
        aside = self.folder + ".aside"
        shutil.copytree(self.folder, aside)
        try:
            damage(self.folder)
            os.rename(f"{self.folder}/{self.last}", f"{self.folder}/in/{self.last}")
            query = self.scenario.start(spark, self.folder)
            query.awaitTermination()
            return self.scenario.result(spark, self.folder)
        finally:
            shutil.rmtree(self.folder)
            os.rename(aside, self.folder)


@pytest.fixture(scope="module", params=[s for s in SCENARIOS if s.name in SCENARIO_NAMES], ids=lambda scenario: scenario.name)
def stopped(request, session, tmp_path_factory):
    query = Stopped(session, request.param, tmp_path_factory.mktemp("damaged") / "run")
    query.result = query.go_on(session)
    return query


def change(path, damage):
    def apply(folder):
        target = os.path.join(folder, path)
        if damage is None:
            os.remove(target)
            return
        with open(target, "rb") as file:
            content = file.read()
        with open(target, "wb") as file:
            file.write(damage(content))

    return apply


@pytest.mark.parametrize("kind", DAMAGES)
def test_damaged_file(kind, stopped, session):
    failures = []
    for path in stopped.files:
        damage = change(path, DAMAGES[kind])
        if kind == "version" and b"v1" not in open(os.path.join(stopped.folder, path), "rb").read():
            continue
        try:
            result = stopped.go_on(session, damage)
            if result != stopped.result:
                failures.append(f"{path}: wrong result {result}")
        except Exception as error:
            text = str(error)
            batch = re.search(r"\d+", os.path.basename(path))
            named = (path in text or os.path.dirname(path) in text or "in the checkpoint offsets" in text
                     or "CONCURRENT_STREAM_LOG_UPDATE" in text or (batch and re.search(rf"\b{batch[0]}\b", text.split("\n")[0])))
            if "INTERNAL_ERROR" in text or not named:
                failures.append(f"{path}: {text[:600]}")
    assert not failures, "\n\n".join(failures)
    assert session.range(3).count() == 3
