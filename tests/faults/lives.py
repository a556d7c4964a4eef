"""Servers that die at a fault point, and queries that go on in the next one."""
import os
import re
import tempfile
import threading

from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.session import SparkSession

import running
from serving import Server

from .scenarios import settings

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


def interrupted(program, scenario, point, passage, action, make_input):
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
                assert f"Injected fault at {point}" in str(failure), failure
            assert second.complete(scenario, folder)
            return scenario.final_result(second.spark, folder)
        finally:
            second.close()
            if second is not first:
                first.close()
