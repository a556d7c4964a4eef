"""Fixtures of all tests: where things are, and one server for the programs of a session."""
import os
import signal
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import running  # noqa: E402
from serving import Server  # noqa: E402

TEST_SECONDS = 900


def pytest_addoption(parser):
    parser.addoption("--server", default=os.environ.get("SLUICE_SERVER", str(running.ROOT / "build/release/sluice-server")),
                     help="the server program to test")
    parser.addoption("--jobs", type=int, default=2, help="programs that run at once")
    parser.addoption("--spark", action="store_true", help="run the tests that need a real Apache Spark")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--spark"):
        skip = pytest.mark.skip(reason="needs a real Apache Spark: make test-spark")
        for item in items:
            if "spark" in item.keywords:
                item.add_marker(skip)


@pytest.fixture(autouse=True)
def limit():
    """A test that hangs fails, and the others go on."""

    def give_up(*_):
        raise TimeoutError(f"the test took more than {TEST_SECONDS} seconds")

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(TEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


@pytest.fixture(scope="session")
def server_program(request):
    program = os.path.abspath(request.config.getoption("--server"))
    if not os.path.exists(program):
        pytest.exit(f"{program} is not built; run `make build`", 2)
    return os.path.abspath(program)  # some tests run it in a folder of their own


@pytest.fixture(scope="session")
def server(server_program):
    """A server that all programs share, each in a session of its own."""
    with Server(server_program) as running_server:
        yield running_server
        assert running_server.alive(), f"the server ended: {running_server.last_words()}"
