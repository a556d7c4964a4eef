"""A query killed at any point between two durable steps, and started again, gives what an uninterrupted one gives."""
import concurrent.futures
import itertools
import os
import re
import tempfile
import threading
from collections import Counter

import pytest
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.session import SparkSession

import running
from serving import Server

from .scenarios import SCENARIOS, make_input, settings

PASSAGES = (1, 2, 4)  # of each point: the first batch, one that compacts, one that purges
JOBS = 4  # runs spend much of their time waiting for Python processes to start
RUN_SECONDS = 100


def fault_points():
    """The names in the sources: a new one is tested without being listed here."""
    names = set()
    for source in (running.ROOT / "src").rglob("*.cc"):
        if not source.name.endswith("_test.cc") and "fault_point" not in source.name:
            names |= set(re.findall(r'FaultPoint\("([^"]+)"\)', source.read_text(encoding="utf-8")))
    return sorted(names)


class Run:
    """One life of a server, and one session with it."""

    def __init__(self, program, **variables):
        self.server = Server(program, **variables)
        self.spark = SparkSession.builder.remote(self.server.remote).create()
        self.spark.client.set_retry_policies([DefaultPolicy(max_retries=0)])  # a killed server does not come back
        for key, value in settings().items():
            self.spark.conf.set(key, value)

    def start_and_wait(self, scenario, folder):
        """What the query failed with, or None."""
        failure = []

        def work():
            try:
                scenario.start(self.spark, folder).awaitTermination()
            except Exception as error:
                failure.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        for _ in range(RUN_SECONDS * 20):
            if not thread.is_alive() or not self.server.alive():
                break
            thread.join(0.05)
        else:
            raise TimeoutError(f"{scenario.name} does not end: {self.server.log()[-2000:]}")
        thread.join(5)
        return failure[0] if failure else None

    def complete(self, scenario, folder):
        """True when the query ran to its end, False when the server was killed under it."""
        failure = self.start_and_wait(scenario, folder)
        if not self.server.alive():
            return False
        if failure:
            raise failure
        return True

    def close(self):
        if self.server.alive():
            self.spark.stop()
            self.server.stop()
        else:
            self.spark.client._closed = True  # nobody is there to say goodbye to


class Plain:
    """An uninterrupted run of a scenario: its result, and how often it passed each point."""

    def __init__(self, program, scenario):
        with tempfile.TemporaryDirectory(prefix="plain-") as folder:
            make_input(folder)
            trace = os.path.join(folder, "trace")
            run = Run(program, SLUICE_FAULT_TRACE=trace)
            assert run.complete(scenario, folder)
            self.result = scenario.result(run.spark, folder)
            run.close()
            with open(trace) as passed:
                self.passages = Counter(passed.read().split())


def interrupted(program, scenario, point, passage, action):
    """Fails at one passage, starts again; gives the result, or None if the point was not passed that often this time."""
    with tempfile.TemporaryDirectory(prefix="fault-") as folder:
        make_input(folder)
        first = Run(program, SLUICE_FAULT=f"{point}@{passage}={action}")
        second = first
        try:
            failure = first.start_and_wait(scenario, folder)
            if first.server.alive() and not failure:
                return None
            if action == "kill":
                second = Run(program)
            else:
                assert f"Injected fault at {point}" in str(failure)
            assert second.complete(scenario, folder)
            return scenario.result(second.spark, folder)
        finally:
            second.close()
            if second is not first:
                first.close()


@pytest.fixture(scope="module")
def pool():
    with concurrent.futures.ThreadPoolExecutor(JOBS) as workers:
        yield workers


@pytest.fixture(scope="module")
def plain(server_program, pool):
    """The uninterrupted runs by scenario."""
    runs = {scenario.name: pool.submit(Plain, server_program, scenario) for scenario in SCENARIOS}
    return {name: run.result() for name, run in runs.items()}


def _selected(request, name):
    """The parameters of a test's items that are to be run."""
    items = [item for item in request.session.items if getattr(item, "originalname", "") == name]
    return [(item.callspec.params["point"], item.callspec.params["scenario"]) for item in items]


MAINTENANCE = {"state.after_snapshot", "state.purging"}


def _passages(scenario, plain, point):
    count = plain[scenario.name].passages[point]
    if not scenario.durable and point.startswith("stream."):
        count -= 1  # after the last one there is no batch left to build the result
    return [passage for passage in PASSAGES if passage <= count]


@pytest.fixture(scope="module")
def results(request, server_program, pool, plain):
    """(point, scenario's name, action) → [(passage, its run)]; all are under way as soon as the first is asked for."""
    tests = {"kill": "test_killed_and_started_again", "error": "test_failed_and_started_again"}
    runs = {}
    for action, test in tests.items():
        for point, scenario in _selected(request, test):
            passages = _passages(scenario, plain, point)
            runs[point, scenario.name, action] = [
                (passage, pool.submit(interrupted, server_program, scenario, point, passage, action))
                for passage in (passages if action == "kill" else passages[-1:])]
    yield runs
    for _, run in itertools.chain.from_iterable(runs.values()):
        run.cancel()


def check(results, plain, point, scenario, action):
    for passage, run in results[point, scenario.name, action]:
        result = run.result()
        if result is not None:
            # Maintenance of the state runs beside the batches: a fault in it may come after the last one.
            may_be_empty = not scenario.durable and point in MAINTENANCE
            assert result == plain[scenario.name].result or (may_be_empty and not result), (
                f"after a fault at passage {passage} of {point}")


by_name = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
# The work of threads that outlive a batch fails by itself, and the query goes on.
BACKGROUND = ("state.after_snapshot", "state.purging")


@by_name
@pytest.mark.parametrize("point", fault_points())
def test_killed_and_started_again(point, scenario, results, plain):
    check(results, plain, point, scenario, "kill")


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.name in ("csv to parquet", "counts, update")],
                         ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("point", [point for point in fault_points() if point not in BACKGROUND])
def test_failed_and_started_again(point, scenario, results, plain):
    """The step fails, the query with it; the server goes on and runs the query again."""
    check(results, plain, point, scenario, "error")


def test_every_point_is_passed(plain):
    passed = set().union(*(run.passages for run in plain.values()))
    assert set(fault_points()) <= passed


@by_name
def test_stopped_after_every_batch(scenario, plain, server_program, tmp_path):
    """The input comes a file at a time, and a new server reads each."""
    folder, source = str(tmp_path), str(tmp_path / "all")
    make_input(source)
    os.makedirs(folder + "/in")
    os.makedirs(folder + "/other")
    result = None
    for name in sorted(os.listdir(source + "/in")):
        for part in ("in", "other"):
            if os.path.exists(f"{source}/{part}/{name}"):
                os.rename(f"{source}/{part}/{name}", f"{folder}/{part}/{name}")
        run = Run(server_program)
        assert run.complete(scenario, folder)
        result = scenario.result(run.spark, folder)
        run.close()
    assert result == plain[scenario.name].result
