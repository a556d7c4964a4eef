"""A broker that goes away under an exactly-once query, and comes back."""
import os
from collections import Counter

from waiting import wait_for

from .lives import Run
from .test_kafka_exactly_once import Topic, failure_of, put, writer


def test_broker_goes_away(server_program, broker, tmp_path):
    folder, topic = str(tmp_path), Topic(broker.address())
    run = Run(server_program)
    run.spark.conf.set("spark.sql.streaming.stopTimeout", "10s")
    put(folder, "1", range(3))
    hasty = writer(run.spark, folder, topic, kafka__delivery__timeout__ms="2000").start()
    hasty.processAllAvailable()
    patient = writer(run.spark, folder + "/patient", topic).queryName("patient")
    put(folder + "/patient", "1", range(100, 103))
    waiting = patient.start()
    waiting.processAllAvailable()

    broker.stop()
    put(folder, "2", range(3, 6))
    message = failure_of(hasty)
    assert "batch 1" in message and topic.name in message and broker.address() in message
    put(folder + "/patient", "2", range(103, 106))
    wait_for(lambda: os.path.exists(folder + "/patient/checkpoint/offsets/1"), "no batch begins")
    waiting.stop()  # while its batch waits for the brokers
    assert not waiting.isActive and waiting.exception() is None

    broker.start()
    for writing in (writer(run.spark, folder, topic), patient):
        writing.trigger(availableNow=True).start().awaitTermination()
    assert topic.values() == Counter(f"{row}x" for row in [*range(6), *range(100, 106)])
    run.close()
