"""One broker and one session for the tests of what brokers do."""
import os
import sys
from pathlib import Path

import pytest
from pyspark.sql.connect.session import SparkSession

sys.path.insert(0, str(Path(__file__).resolve().parent))

from own_broker import Broker  # noqa: E402

# After the ports of the broker that all tests share.
PORT_STEP = 10


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    own = Broker(tmp_path_factory.mktemp("broker"), int(os.environ.get("KAFKA_PORT", "19392")) + PORT_STEP)
    own.start()
    try:
        own.add_scram_user()
        yield own
    finally:
        own.stop()
        own.wipe()


@pytest.fixture
def spark(server):
    session = SparkSession.builder.remote(server.remote).create()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    yield session
    session.stop()
