"""A query killed at any point between two durable steps, and started again, gives what an uninterrupted one gives."""
import os
import re
import tempfile
import threading

import pytest
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.session import SparkSession

import running
from serving import Server

from .scenarios import SCENARIOS, make_input, settings

PASSAGES = (1, 2, 4)


def fault_points():
    """The names in the sources: a new one is tested without being listed here."""
    names = set()
    for source in (running.ROOT / "src").rglob("*.cc"):
        if not source.name.endswith("_test.cc") and "fault_point" not in source.name:
            names |= set(re.findall(r'FaultPoint\("([^"]+)"\)', source.read_text(encoding="utf-8")))
    return sorted(names)


class Run:
    """One life of a server, and one session with it."""

    def __init__(self, program, fault=None):
        self.server = Server(program, SLUICE_PYTHONPATH="", **({"SLUICE_FAULT": fault} if fault else {}))
        self.spark = SparkSession.builder.remote(self.server.remote).create()
        self.spark.client.set_retry_policies([DefaultPolicy(max_retries=0)])  # a killed server does not come back
        for key, value in settings().items():
            self.spark.conf.set(key, value)

    def complete(self, scenario, folder):
        """True when the query ran to its end, False when the server was killed under it."""
        failure = []

        def work():
            try:
                scenario.start(self.spark, folder).awaitTermination()
            except Exception as error:
                failure.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        while thread.is_alive() and self.server.alive():
            thread.join(0.05)
        thread.join(5)
        if self.server.alive():
            if failure:
                raise failure[0]
            return True
        return False

    def close(self):
        if self.server.alive():
            self.spark.stop()
            self.server.stop()
        else:
            self.spark.client._closed = True  # nobody is there to say goodbye to


@pytest.fixture(scope="module")
def wanted(server_program):
    """The results of uninterrupted runs."""
    results = {}
    for scenario in SCENARIOS:
        with tempfile.TemporaryDirectory(prefix="plain-") as folder:
            make_input(folder + "/in")
            run = Run(server_program)
            assert run.complete(scenario, folder)
            results[scenario.name] = scenario.result(run.spark, folder)
            run.close()
    return results


reached = set()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("point", fault_points())
def test_killed_and_started_again(point, scenario, wanted, server_program, tmp_path):
    for passage in PASSAGES:
        folder = str(tmp_path / str(passage))
        make_input(folder + "/in")
        first = Run(server_program, f"{point}@{passage}=kill")
        completed = first.complete(scenario, folder)
        first.close()
        second = Run(server_program)
        assert second.complete(scenario, folder)
        result = scenario.result(second.spark, folder)
        second.close()
        assert result == wanted[scenario.name], f"after a kill at passage {passage} of {point}"
        if completed:
            break  # passed less often than that: further passages would be plain runs
        reached.add(point)


def test_every_point_was_reached():
    assert set(fault_points()) == reached


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_stopped_after_every_batch(scenario, wanted, server_program, tmp_path):
    """The input comes a file at a time, and a new server reads each."""


    folder, source = str(tmp_path), str(tmp_path / "all")
    make_input(source)
    os.makedirs(folder + "/in")
    for name in sorted(os.listdir(source)):
        os.rename(os.path.join(source, name), os.path.join(folder, "in", name))
        run = Run(server_program)
        assert run.complete(scenario, folder)
        result = scenario.result(run.spark, folder)
        run.close()
    assert result == wanted[scenario.name]
