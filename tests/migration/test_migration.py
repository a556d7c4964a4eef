"""Checkpoints that move between Sluice and a real Spark: what comes out is what Spark alone gives."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SPARK = HERE.parent / "services" / "spark.sh"
PROGRAM = HERE / "moving.py"
PLAIN = ["numbers", "all_numbers", "collections", "total", "tumbling", "tumbling_update", "sliding", "filtered", "limited"]
STATEFUL = ["deduplicated", "deduplicated_in_time", "deduplicated_within", "sessions", "joined", "left_joined"]
CASES = [f"{provider}-{name}" for provider in ("hdfs", "rocksdb", "changelog") for name in PLAIN + STATEFUL]
CASES += ["hdfs-files-filtered", "hdfs-files-tumbling"]

pytestmark = pytest.mark.spark


def command(engine):
    return [SPARK, "submit"] if engine == "spark" else [Path(sys.executable).parent / "sluice", "submit"]


def run(engine, folder, phases, cases, server_program):
    environment = {**os.environ, "SLUICE_SERVER": server_program, "SPARK_MASTER": "local[2]"}
    done = subprocess.run([*map(str, command(engine)), str(PROGRAM), str(folder), phases, *cases], env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert done.returncode == 0 and not failed, f"{engine}: status {done.returncode}\n" + "\n".join(failed)


def lose_last_commit(folder):
    """As if the process had been killed before the commit: the batch runs again."""
    for checkpoint in folder.glob("*/checkpoint"):
        last = max(int(path.name) for path in (checkpoint / "commits").iterdir() if path.name.isdigit())
        for name in (str(last), f".{last}.crc"):
            (checkpoint / "commits" / name).unlink(missing_ok=True)


def output(folder):
    """Batches by number, and for a file sink its rows."""
    if (folder / "files").exists():
        logged = spark_log(folder / "files")
        return sorted(line for file in logged for line in file.read_text().splitlines())
    return {path.name: path.read_text() for path in sorted((folder / "out").iterdir())}


def spark_log(folder):
    entries = {}
    for path in sorted((folder / "_spark_metadata").iterdir()):
        if path.name[0] == ".":
            continue
        for line in path.read_text().splitlines()[1:]:
            entry = json.loads(line)
            entries[entry["path"]] = Path(entry["path"].removeprefix("file://"))
    return [path for path in entries.values() if path.stat().st_size]


@pytest.fixture(scope="module")
def alone(tmp_path_factory, server_program):
    """What Spark gives without an interruption."""
    folder = tmp_path_factory.mktemp("alone")
    run("spark", folder, "0,1,2", CASES, server_program)
    return folder


@pytest.mark.parametrize("lost", [False, True], ids=["whole", "commit_lost"])
@pytest.mark.parametrize("plan", [("spark", "sluice", "spark"), ("sluice", "spark", "sluice")], ids="-".join)
def test_a_checkpoint_moves(plan, lost, alone, tmp_path, server_program):
    for phase, engine in enumerate(plan):
        run(engine, tmp_path, str(phase), CASES, server_program)
        if lost:
            lose_last_commit(tmp_path)
    if lost:
        run(plan[-1], tmp_path, str(len(plan) - 1), CASES, server_program)
    wrong = [case for case in CASES if output(tmp_path / case) != output(alone / case)]
    assert not wrong
