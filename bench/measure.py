"""Runs a command and measures its whole process tree: wall time, CPU seconds, peak memory."""
import os
import resource
import subprocess
import threading
import time
from dataclasses import dataclass

INTERVAL = 0.05


@dataclass
class Measured:
    status: int
    wall: float
    cpu: float
    peak_mb: float  # all processes of the tree together, shared pages once
    server_mb: float  # the largest that the server alone got
    output: str


def _children(pid):
    try:
        found = []
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
        return found
    except OSError:
        return []


def _tree(pid):
    yield pid
    for child in _children(pid):
        yield from _tree(child)


def _proportional_mb(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def _resident_mb(pid):
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return 0.0


def _name(pid):
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except OSError:
        return ""


def run(command, memory=True, **variables):
    """With memory=False nothing samples beside the command, for short ones."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    child = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env={**os.environ, **variables}, text=True)
    peak = [0.0, 0.0]
    done = threading.Event()

    def sample():
        while not done.wait(INTERVAL):
            pids = list(_tree(child.pid))
            peak[0] = max(peak[0], sum(map(_proportional_mb, pids)))
            peak[1] = max([peak[1], *(_resident_mb(pid) for pid in pids if _name(pid) == "sluice-server")])

    sampler = threading.Thread(target=sample)
    if memory:
        sampler.start()
    output, _ = child.communicate()
    wall = time.monotonic() - start
    done.set()
    if memory:
        sampler.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(child.returncode, wall, cpu, *peak, output)
