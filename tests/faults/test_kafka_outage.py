"""A broker that goes away under an exactly-once query, and comes back."""
import os
import socket
import subprocess
from collections import Counter

import pytest

import running
from waiting import wait_for

from .lives import Run
from .test_kafka_exactly_once import Topic, failure_of, put, writer


def two_free_ports():
    """The first of two neighbours: the broker's, and its controller's."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
                return port
            except OSError:
                continue


class Broker:
    def __init__(self, folder):
        self.port = two_free_ports()
        self.environment = dict(os.environ, KAFKA_PORT=str(self.port), KAFKA_DATA=folder)
        self.address = f"127.0.0.1:{self.port}"

    def tell(self, word):
        subprocess.run([running.ROOT / "tests/services/kafka.sh", word], env=self.environment, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


@pytest.fixture
def broker(tmp_path):
    own = Broker(str(tmp_path / "broker"))
    own.tell("start")
    yield own
    own.tell("stop")


def test_broker_goes_away(server_program, broker, tmp_path):
    folder, topic = str(tmp_path), Topic(broker.address)
    run = Run(server_program)
    run.spark.conf.set("spark.sql.streaming.stopTimeout", "10s")
    put(folder, "1", range(3))
    hasty = writer(run.spark, folder, topic, kafka__delivery__timeout__ms="2000").start()
    hasty.processAllAvailable()
    patient = writer(run.spark, folder + "/patient", topic).queryName("patient")
    put(folder + "/patient", "1", range(100, 103))
    waiting = patient.start()
    waiting.processAllAvailable()

    broker.tell("stop")
    put(folder, "2", range(3, 6))
    message = failure_of(hasty)
    assert "batch 1" in message and topic.name in message and broker.address in message
    put(folder + "/patient", "2", range(103, 106))
    wait_for(lambda: os.path.exists(folder + "/patient/checkpoint/offsets/1"), "no batch begins")
    waiting.stop()  # while its batch waits for the brokers
    assert not waiting.isActive and waiting.exception() is None

    broker.tell("start")
    for writing in (writer(run.spark, folder, topic), patient):
        writing.trigger(availableNow=True).start().awaitTermination()
    assert topic.values() == Counter(f"{row}x" for row in [*range(6), *range(100, 106)])
    run.close()
