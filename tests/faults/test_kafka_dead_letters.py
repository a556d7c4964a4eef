"""Dead letters after crashes: none is lost, and where the sink delivers exactly once each is there once."""
import concurrent.futures

import pytest
from confluent_kafka import Producer
from pyspark.sql import functions as F

from .lives import fault_points, interrupted
from .scenarios import Scenario
from .test_kafka_exactly_once import PARTITIONS, Topic, to_kafka

ROWS, JOBS = 60, 4
PASSAGES = (1, 3)
BATCH = 15


def good(row):
    return row % 3 != 0


def points():
    return [point for point in fault_points() if point.startswith("kafka.")] + ["stream.after_state", "stream.after_sink", "stream.after_commit"]


class Route:
    """Records in one topic, what a query makes of them in another, and what it refuses in a third."""

    def __init__(self, servers):
        self.servers = servers
        self.source, self.out, self.dead = (Topic(servers) for _ in range(3))
        producer = Producer({"bootstrap.servers": servers})
        for row in range(ROWS):
            producer.produce(self.source.name, self.value(row), partition=row % PARTITIONS)
        producer.flush()

    @staticmethod
    def value(row):
        return f'{{"n": {row}}}' if good(row) else f'{{"n": {row}'

    def start(self, delivery):
        def run(spark, folder):
            rows = (spark.readStream.format("kafka").option("kafka.bootstrap.servers", self.servers)
                    .option("subscribe", self.source.name).option("startingOffsets", "earliest")
                    .option("maxOffsetsPerTrigger", BATCH).option("sluice.deadLetterTopic", self.dead.name).load())
            values = rows.select(F.from_json(F.col("value").cast("string"), "n INT").alias("o")).selectExpr("CAST(o.n AS STRING) AS value")
            return to_kafka(values, folder, self.out, sluice__delivery=delivery).trigger(availableNow=True).start()

        return run

    def scenario(self, delivery):
        return Scenario(delivery, self.start(delivery), lambda spark, folder: (self.out.values(), self.dead.values()))

    def check(self, delivery, result):
        out, dead = result
        assert set(out) == {str(row) for row in range(ROWS) if good(row)}
        assert set(dead) == {self.value(row) for row in range(ROWS) if not good(row)}
        if delivery == "exactly-once":
            assert set(out.values()) == set(dead.values()) == {1}


@pytest.fixture(scope="module")
def pool():
    with concurrent.futures.ThreadPoolExecutor(JOBS) as workers:
        yield workers


@pytest.mark.parametrize("delivery", ["at-least-once", "exactly-once"])
@pytest.mark.parametrize("point", points())
def test_fault_between_steps(server_program, kafka, pool, point, delivery):
    routes = [(Route(kafka), passage, action) for passage, action in [(passage, "kill") for passage in PASSAGES] + [(PASSAGES[-1], "error")]]
    runs = [(route, pool.submit(interrupted, server_program, route.scenario(delivery), point, passage, action, lambda folder: None))
            for route, passage, action in routes]
    for route, run in runs:
        result = run.result()
        if result is None:
            assert delivery == "at-least-once", f"{point} is not passed"
        else:
            route.check(delivery, result)
