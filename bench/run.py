"""Measures Sluice beside DuckDB and, where it is installed, Apache Spark, and prints a table with ratios.

    run.py [--repeat 3] [--no-spark] [--seconds 20] [start] [latency] [csv] [json] [windows] [join] [state]
            [kafka] [kafka-latency]

Input is made once under $BENCH_DATA (build/bench), Kafka's topics in the broker of tests/services/kafka.sh. Each figure is the
best of the repetitions.
"""
import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import generate  # noqa: E402
import measure  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DATA = Path(os.environ.get("BENCH_DATA", ROOT / "build" / "bench"))
SPARK = ROOT / "tests" / "services" / "spark.sh"
KAFKA = ROOT / "tests" / "services" / "kafka.sh"
CASES = ("start", "latency", "csv", "json", "windows", "join", "state", "kafka", "kafka-latency")
# What the table says beside a figure: the goal, and how it is judged.
GOALS = {"start": "<= 1.0 s", "latency": "<= 3 / 10 ms", "csv": "CPU <= DuckDB's, <= 400 MB", "json": "CPU <= DuckDB's",
         "windows": "tumbling >= 8, sliding >= 15 x Spark's rate, <= 400 MB",
         "join": ">= 8 x Spark's rate", "state": "<= 5 / 20 ms, restart <= 2 s",
         "kafka": ">= 8 x Spark's rate", "kafka-latency": "<= 3 / 10 ms; count p99 14, exactly-once p99 60"}


def engines(given):
    found = {"sluice": [Path(sys.executable).parent / "sluice", "submit"]}
    cache = Path(os.environ.get("SPARK_CACHE", Path.home() / ".cache" / "spark"))
    if not given.no_spark and (cache / "venv-4.2.0" / ".ready").exists() and shutil.which("java"):
        found["spark"] = [SPARK, "submit"]
    return found


def best(command, repeat, **options):
    """The run with the least CPU time; ends the benchmark if one fails."""
    runs = []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory(prefix="bench-", dir=DATA) as scratch:
            run = measure.run([scratch if word == "SCRATCH" else word for word in command], **options)
        if run.status != 0:
            sys.exit(f"{' '.join(map(str, command))} failed:\n{run.output}")
        runs.append(run)
    return min(runs, key=lambda run: run.cpu)


class Table:
    def __init__(self):
        self.rows = [("what", "engine", "wall s", "CPU s", "peak MB", "server MB", "other", "to Sluice", "goal")]

    def add(self, case, engine, run, base, other=""):
        ratio = f"{run.cpu / base.cpu:.2f} x CPU" if engine != "sluice" else ""
        self.rows.append((case, engine, f"{run.wall:.2f}", f"{run.cpu:.2f}", f"{run.peak_mb:.0f}" if run.peak_mb else "",
                          f"{run.server_mb:.0f}" if run.server_mb else "", other, ratio,
                          GOALS[case.split()[0]] if engine == "sluice" else ""))

    def note(self, case, other, engine=""):
        self.rows.append((case, engine, "", "", "", "", other, "", GOALS[case.split()[0]] if engine == "sluice" else ""))

    def print(self):
        widths = [max(len(row[column]) for row in self.rows) for column in range(len(self.rows[0]))]
        for number, row in enumerate(self.rows):
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
            if number == 0:
                print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def start(table, given):
    base = None
    for engine, command in engines(given).items():
        timed = best([*command, HERE / "programs" / "empty.py"], max(given.repeat, 3), memory=False)
        sampled = measure.run([*command, HERE / "programs" / "empty.py"])
        timed.peak_mb, timed.server_mb = sampled.peak_mb, sampled.server_mb
        base = base or timed
        table.add("start", engine, timed, base)


def latency(table, given):
    for source, sink in (("rate", "noop"), ("rate-micro-batch", "noop"), ("rate-micro-batch", "memory")):
        base = None
        for engine, command in engines(given).items():
            run = best([*command, HERE / "programs" / "latency.py", source, sink, given.seconds, "SCRATCH"], 1)
            base = base or run
            count, median, tail, largest = re.search(r"BATCHES (\d+) MEDIAN (\d+) P99 (\d+) MAX (\d+)", run.output).groups()
            table.add(f"latency {source} to {sink}", engine, run, base, f"median {median} p99 {tail} max {largest} ms of {count}")


def state(table, given):
    for provider in ("hdfs", "changelog", "rocksdb"):
        base = None
        for engine, command in engines(given).items():
            run = best([*command, HERE / "programs" / "state.py", provider, 1_000_000, given.seconds, "SCRATCH"], 1)
            base = base or run
            count, median, tail, largest, filled, restart = re.search(
                r"BATCHES (\d+) MEDIAN (\d+) P99 (\d+) MAX (\d+) FILL ([\d.]+) RESTART ([\d.]+)", run.output).groups()
            table.add(f"state {provider}", engine, run, base,
                      f"median {median} p99 {tail} max {largest} ms of {count}; restart {restart} s, fill {filled} s")


def throughput(kind, program, amount):
    def case(table, given):
        folder = DATA / f"{kind}-{amount}"
        generate.ensure(kind, folder, amount)
        subprocess.run(["cat", *folder.iterdir()], stdout=subprocess.DEVNULL, check=True)  # the same warm page cache for all
        base = None
        commands = {name: [*command, HERE / "programs" / program, folder, "SCRATCH"] for name, command in engines(given).items()}
        commands["duckdb"] = [sys.executable, HERE / "programs" / "duckdb_work.py", kind, folder, "SCRATCH"]
        for engine, command in commands.items():
            run = best(command, 1 if engine == "spark" else given.repeat)
            base = base or run
            table.add(kind, engine, run, base)

    return case


def windows(table, given):
    """State of streams over files; Spark with the number of state partitions that suits it best here, not with its 200."""
    folder = DATA / f"json-{given.orders}"
    generate.ensure("json", folder, given.orders)
    for kind in ("tumbling", "sliding"):
        base = None
        for engine, command in engines(given).items():
            settings = [["2"], ["4"]] if engine == "spark" else [[]]
            runs = [best([*command, HERE / "programs" / "file_windows.py", kind, folder, "SCRATCH", *setting],
                         1 if engine == "spark" else given.repeat) for setting in settings]
            run = min(runs, key=lambda one: one.cpu)
            base = base or run
            table.add(f"windows {kind}", engine, run, base, warm_rate(run))


def warm_rate(run):
    records, millis = map(int, re.search(r"RECORDS (\d+) MILLISECONDS (\d+)", run.output).groups())
    return f"{records / millis / 1000:.2f} M records/s warm"


def join(table, given):
    folder = DATA / f"clicks-{given.events}"
    generate.ensure("clicks", folder, given.events)
    base = None
    for engine, command in engines(given).items():
        run = best([*command, HERE / "programs" / "stream_join.py", folder, "SCRATCH"], 1 if engine == "spark" else given.repeat)
        base = base or run
        records, output, millis = map(int, re.search(r"RECORDS (\d+) OUTPUT (\d+) MILLISECONDS (\d+)", run.output).groups())
        table.add("join", engine, run, base, f"{records / millis / 1000:.2f} M records/s warm, {output} pairs")


@contextlib.contextmanager
def broker():
    """Its address; for Spark, the connector is asked for."""
    os.environ.setdefault("KAFKA_PORT", "19392")
    os.environ["SPARK_WITH_KAFKA"] = "1"
    subprocess.run([KAFKA, "start"], check=True, stdin=subprocess.DEVNULL)
    try:
        yield f"127.0.0.1:{os.environ['KAFKA_PORT']}"
    finally:
        subprocess.run([KAFKA, "stop"], check=True)


def kafka(table, given):
    folder = DATA / f"json-{given.orders}"
    generate.ensure("json", folder, given.orders)
    with broker() as servers:
        topic = generate.ensure_topic(servers, folder, given.orders)
        for kind in ("filter", "window"):
            base = None
            for engine, command in engines(given).items():
                run = best([*command, HERE / "programs" / "kafka_orders.py", kind, servers, topic, "SCRATCH"],
                           1 if engine == "spark" else given.repeat)
                base = base or run
                table.add(f"kafka {kind}", engine, run, base,
                          f"{warm_rate(run)}, {run.cpu / 3 / given.orders * 1e6:.2f} us CPU a record with the start")


def kafka_latency(table, given):
    """10,000 records of 1.2 KB a second through a route; the time from the sending of each until it came out."""
    build = ROOT / "build" / "release"
    subprocess.run(["ninja", "-C", build, "kafka_probe"], check=True, stdout=subprocess.DEVNULL)
    with broker() as servers:
        source, target = (f"latency-{name}-{uuid.uuid4().hex[:8]}" for name in ("in", "out"))
        generate.make_topics(servers, source, target)
        probe = [build / "kafka_probe", servers, source]
        load = [given.seconds, 10_000, 1200]
        table.note("kafka-latency probe alone", probed([*probe, source, *load]))
        for kind in ("copy", "count", "exactly-once"):
            for engine, command in engines(given).items():
                if engine == "spark" and kind == "exactly-once":
                    continue
                with tempfile.TemporaryDirectory(prefix="bench-", dir=DATA) as scratch:
                    words = [*command, HERE / "programs" / "kafka_latency.py", kind, servers, source, target, scratch]
                    with running(words):
                        table.note(f"kafka-latency {kind}", probed([*probe, target, *load]), engine)


@contextlib.contextmanager
def running(command):
    """A program that has said STARTED, until the end of the block."""
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          start_new_session=True) as process:
        while "STARTED" not in (line := process.stdout.readline()):
            if not line:
                sys.exit(f"{' '.join(map(str, command))} ended")
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def probed(command):
    output = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout
    count, median, tail, largest = re.search(r"COUNTED (\d+) P50 (\S+) .* P99 (\S+) .* MAX (\S+)", output).groups()
    return f"p50 {median} p99 {tail} max {largest} ms of {count}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-spark", action="store_true")
    parser.add_argument("--seconds", type=int, default=20, help="length of a latency run")
    parser.add_argument("--megabytes", type=int, default=1000, help="size of the CSV input")
    parser.add_argument("--orders", type=int, default=5_000_000, help="size of the JSON input")
    parser.add_argument("--events", type=int, default=1_000_000, help="impressions, and as many clicks, of the join")
    parser.add_argument("cases", nargs="*", choices=[*CASES, []])
    given = parser.parse_args()
    DATA.mkdir(parents=True, exist_ok=True)
    work = {"start": start, "latency": latency, "csv": throughput("csv", "csv_to_parquet.py", given.megabytes),
            "json": throughput("json", "json_sums.py", given.orders), "windows": windows, "join": join, "state": state,
            "kafka": kafka, "kafka-latency": kafka_latency}
    table = Table()
    for case in given.cases or CASES:
        print(f"measuring {case}", flush=True)
        work[case](table, given)
    print(f"\n{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the end")
    table.print()


if __name__ == "__main__":
    main()
