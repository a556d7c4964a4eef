"""Fixtures of all tests: where things are, and one server for the programs of a session."""
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql.connect.session import SparkSession

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import running  # noqa: E402
from own_brokers import Brokers  # noqa: E402
from serving import Server  # noqa: E402

TEST_SECONDS = 900
KAFKA_PORT = int(os.environ.get("KAFKA_PORT", "19392"))
# After the ports of the broker that all tests share: those of the broker that tests may stop, and of three of them.
BROKER_PORT, CLUSTER_PORT = KAFKA_PORT + 10, KAFKA_PORT + 20
# Marks of tests that run only when asked for.
ON_DEMAND = {"spark": "need a real Apache Spark", "install": "build and install the package"}


def pytest_addoption(parser):
    parser.addoption("--server", default=os.environ.get("SLUICE_SERVER", str(running.ROOT / "build/release/sluice-server")),
                     help="the server program to test")
    parser.addoption("--jobs", type=int, default=2, help="programs that run at once")
    parser.addoption("--kills", type=int, default=8, help="how often queries that write to Kafka are killed at random moments")
    for name, what in ON_DEMAND.items():
        parser.addoption(f"--{name}", action="store_true", help=f"run the tests that {what}")


def pytest_collection_modifyitems(config, items):
    for item in items:
        for name, what in ON_DEMAND.items():
            if name in item.keywords and not config.getoption(f"--{name}"):
                item.add_marker(pytest.mark.skip(reason=f"only with --{name}: these tests {what}"))


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
def kafka():
    """The address of a real Kafka broker; one that runs already is used and left running."""
    service = HERE / "services" / "kafka.sh"
    environment = dict(os.environ, KAFKA_PORT=str(KAFKA_PORT))
    running_before = subprocess.run([service, "status"], env=environment, stdout=subprocess.DEVNULL).returncode == 0
    subprocess.run([service, "start"], env=environment, check=True)
    yield f"127.0.0.1:{KAFKA_PORT}"
    if not running_before:
        subprocess.run([service, "stop"], env=environment, check=True)
        subprocess.run([service, "wipe"], env=environment, check=True)


def run_brokers(folder, port, nodes):
    own = Brokers(folder, port, nodes)
    try:
        own.start()
        own.add_scram_user()
        yield own
    finally:
        own.stop()
        own.wipe()


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """One that tests may stop and start."""
    yield from run_brokers(tmp_path_factory.mktemp("broker"), BROKER_PORT, 1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Three of them, for the tests of one file: they take memory."""
    yield from run_brokers(tmp_path_factory.mktemp("cluster"), CLUSTER_PORT, 3)


@pytest.fixture(scope="session")
def server(server_program):
    """A server that all programs share, each in a session of its own."""
    with Server(server_program) as running_server:
        yield running_server
        assert running_server.alive(), f"the server ended: {running_server.last_words()}"


@pytest.fixture
def spark(server):
    """A session for one test."""
    session = SparkSession.builder.remote(server.remote).create()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    yield session
    session.stop()
