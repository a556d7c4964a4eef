"""A query killed at any point between two durable steps, and started again, gives what an uninterrupted one gives."""
import concurrent.futures
import itertools
import os
import tempfile
from collections import Counter

import pytest

from . import lives
from .lives import Run, interrupted
from .scenarios import SCENARIOS, make_input

JOBS = 4  # runs spend much of their time waiting for Python processes to start


def fault_points():
    """All but those of systems that the scenarios do without."""
    return [point for point in lives.fault_points() if not point.startswith("kafka.")]


class Plain:
    """An uninterrupted run of a scenario: its result, and how often it passed each point."""

    def __init__(self, program, scenario):
        with tempfile.TemporaryDirectory(prefix="plain-") as folder:
            make_input(folder)
            trace = os.path.join(folder, "trace")
            run = Run(program, SLUICE_FAULT_TRACE=trace)
            assert run.complete(scenario, folder)
            self.result = scenario.final_result(run.spark, folder)
            run.close()
            with open(trace) as passed:
                self.passages = Counter(passed.read().split())


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
    return [passage for passage in scenario.passages if passage <= count]


@pytest.fixture(scope="module")
def results(request, server_program, pool, plain):
    """(point, scenario's name, action) → [(passage, its run)]; all are under way as soon as the first is asked for."""
    tests = {"kill": "test_killed_and_started_again", "error": "test_failed_and_started_again"}
    runs = {}
    for action, test in tests.items():
        for point, scenario in _selected(request, test):
            passages = _passages(scenario, plain, point)
            runs[point, scenario.name, action] = [
                (passage, pool.submit(interrupted, server_program, scenario, point, passage, action, make_input))
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
    result, names = None, sorted(os.listdir(source + "/in"))
    for name in names:
        for part in ("in", "other"):
            if os.path.exists(f"{source}/{part}/{name}"):
                os.rename(f"{source}/{part}/{name}", f"{folder}/{part}/{name}")
        run = Run(server_program)
        assert run.complete(scenario, folder)
        result = (scenario.final_result if name == names[-1] else scenario.result)(run.spark, folder)
        run.close()
    assert result == plain[scenario.name].result
