"""A disk that is full at any moment fails the query, not the server; with room again it goes on to the exact result."""
import os
import shutil
import subprocess

import pytest
from pyspark.sql.connect.session import SparkSession

from serving import Server

from .scenarios import SCENARIOS, make_input, settings

PAGE = 4096
PAGES = 100
NAMES = ("csv to parquet", "counts in memory", "two sources to partitions")


@pytest.fixture(scope="module")
def session(server_program):
    with Server(server_program) as server:
        spark = SparkSession.builder.remote(server.remote).create()
        for key, value in settings().items():
            spark.conf.set(key, value)
        yield spark
        assert server.alive(), server.log()[-3000:]
        spark.stop()


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("disk"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={PAGES * PAGE}", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def leave_pages(disk, free):
    room = os.statvfs(disk)
    with open(os.path.join(disk, "ballast"), "wb") as file:
        file.write(b"x" * max(0, (room.f_bavail - free) * room.f_bsize))


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.name in NAMES], ids=lambda scenario: scenario.name)
def test_disk_full(scenario, session, disk, tmp_path):
    plain = str(tmp_path / "plain")
    make_input(plain)
    scenario.start(session, plain).awaitTermination()
    wanted = scenario.result(session, plain)
    failed, free = 0, 0
    while True:
        folder = os.path.join(disk, "run")
        shutil.rmtree(folder, ignore_errors=True)
        make_input(folder)
        leave_pages(disk, free)
        try:
            scenario.start(session, folder).awaitTermination()
            completed = True
        except Exception as error:
            completed = False
            assert "No space left on device" in str(error), f"with {free} pages: {error}"
        os.remove(os.path.join(disk, "ballast"))
        if completed:
            break
        failed += 1
        scenario.start(session, folder).awaitTermination()
        # What had run to its end on the full disk is not run again, so a table in memory may be without rows.
        result = scenario.result(session, folder)
        assert result == wanted or (not scenario.durable and not result), f"after a disk with {free} free pages"
        free += 1
    assert failed > 5
    assert scenario.result(session, folder) == wanted
