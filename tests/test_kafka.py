"""Programs on a real Kafka broker print what they printed on a real Apache Spark."""
import sys

import pytest

import running


@pytest.mark.parametrize("program", running.kafka_programs(), ids=lambda program: program.stem)
def test_program(program, server, kafka):
    outcome = running.against_server(program, server.remote, sys.executable, KAFKA_BOOTSTRAP=kafka)
    wrong = running.difference(running.recording(program).read_text(encoding="utf-8"), outcome)
    assert wrong is None, wrong
