"""Runs the route of orders with all that belongs to it: Kafka, the replayer, the route, and a look at what came out.

    run.py [--bootstrap-server HOST:PORT] [--rate 2000] [--output FOLDER]

Without a broker (here or in $KAFKA_BOOTSTRAP_SERVERS) it takes `sluice kafka dev`, which lives in memory and forgets all at the
end.
"""
import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SLUICE = Path(sys.executable).with_name("sluice")
TOPICS = ("orders:4", "order-totals:2")


@contextlib.contextmanager
def kafka_in_memory():
    """`sluice kafka dev` with the topics; gives its address."""
    topics = [word for topic in TOPICS for word in ("--topic", topic)]
    with subprocess.Popen([SLUICE, "kafka", "dev", *topics], stdout=subprocess.PIPE, text=True) as broker:
        try:
            yield broker.stdout.readline().removeprefix("Bootstrap server:").strip()
        finally:
            broker.terminate()


@contextlib.contextmanager
def kafka_at(servers):
    """The user's broker; topics that are missing are made."""
    command = [SLUICE, "kafka", "topics", "--bootstrap-server", servers]
    for topic in TOPICS:
        name, partitions = topic.split(":")
        subprocess.run([*command, "create", name, "--if-not-exists", "--partitions", partitions], check=True)
    yield servers


def run_route(servers, output, rate):
    """The route beside the replayer; when that has sent all, the route gets what Ctrl-C would send."""
    address = ["--bootstrap-server", servers]
    command = [SLUICE, "submit", FOLDER / "route.py", *address, "--output", output]
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, text=True) as route:
        print(route.stdout.readline(), end="")  # the queries run
        subprocess.run([sys.executable, FOLDER / "replay.py", *address, "--rate", str(rate)], check=True)
        os.killpg(route.pid, signal.SIGINT)
        shutil.copyfileobj(route.stdout, sys.stdout)
    if route.returncode:
        raise SystemExit(f"the route ended with status {route.returncode}")


def show_totals(servers):
    """The last record of each key of order-totals."""
    printed = subprocess.run([SLUICE, "kafka", "consume", "order-totals", "--bootstrap-server", servers, "--from-beginning",
                              "--until-end", "--format", "json"], check=True, capture_output=True, text=True).stdout
    records = [json.loads(line) for line in printed.splitlines()]
    last = {record["key"]: json.loads(record["value"]) for record in records}
    print(f"\n{len(records)} records in order-totals; the last ones of the first two days:")
    for key in sorted(last)[:10]:
        print(f"  {key:24} {last[key]['orders']:5} orders {last[key]['revenue']:10.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap-server", default=os.environ.get("KAFKA_BOOTSTRAP_SERVERS"), metavar="HOST:PORT")
    parser.add_argument("--rate", type=float, default=2000, help="orders a second")
    parser.add_argument("--output", help="folder for Parquet files and checkpoints (default: a new one)")
    given = parser.parse_args()
    output = given.output or tempfile.mkdtemp(prefix="orders-")
    with kafka_at(given.bootstrap_server) if given.bootstrap_server else kafka_in_memory() as servers:
        print(f"Kafka at {servers}", flush=True)
        run_route(servers, output, given.rate)
        show_totals(servers)


if __name__ == "__main__":
    main()
