"""A session for each of the tests of what brokers do."""
import pytest
from pyspark.sql.connect.session import SparkSession


@pytest.fixture
def spark(server):
    session = SparkSession.builder.remote(server.remote).create()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    yield session
    session.stop()
