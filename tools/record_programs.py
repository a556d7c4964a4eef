"""Records NAME.out beside the test programs from a real Apache Spark, where two runs print the same.

    record_programs.py [--kafka] [--all] [--keep] [PROGRAM...]

Without names, the programs that have no recording or are younger than theirs. Needs what tests/services/spark.sh needs;
run it with the virtual environment's Python. --keep leaves the Spark server running. --kafka: the programs of tests/kafka,
with a broker of tests/services/kafka.sh, which stays.
"""
import argparse
import concurrent.futures
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import running  # noqa: E402

SERVICE = ROOT / "tests" / "services" / "spark.sh"
BROKER = ROOT / "tests" / "services" / "kafka.sh"
# A Spark that has the Kafka connector runs beside the one that has not.
PORT = os.environ.get("SPARK_CONNECT_PORT", "15713" if "--kafka" in sys.argv else "15702")
KAFKA = f"127.0.0.1:{os.environ.get('KAFKA_PORT', '19392')}"
SECONDS = 240


def run(program):
    if running.is_submitted(program):
        return running.execute([SERVICE, "submit", program], SECONDS)
    return running.against_server(program, f"sc://localhost:{PORT}", sys.executable, KAFKA_BOOTSTRAP=KAFKA)


def record(program):
    """What happened, in a line."""
    first = run(program)
    name = program.relative_to(ROOT / "tests")
    if first.status != 0 or not first.output.strip():
        return f"FAILED {name}: status {first.status}\n{first.output[-1500:]}\n{first.errors[-3000:]}"
    wrong = running.difference(first.output, run(program))
    if wrong:
        return f"VARIES {name}: {wrong}"
    running.recording(program).write_text(first.output, encoding="utf-8")
    return f"recorded {name}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--kafka", action="store_true")
    parser.add_argument("programs", nargs="*", type=Path)
    given = parser.parse_args()
    todo = [path.resolve() for path in given.programs] or (running.kafka_programs() if given.kafka else running.programs())
    if not given.all and not given.programs:
        todo = [path for path in todo if not running.recording(path).exists()
                or running.recording(path).stat().st_mtime < path.stat().st_mtime]
    if not todo:
        print("every program has its recording")
        return 0
    environment = dict(os.environ, SPARK_CONNECT_PORT=PORT, SPARK_WITH_FORMATS="1")
    if given.kafka:
        environment["SPARK_WITH_KAFKA"] = "1"
        subprocess.run([BROKER, "start"], check=True)
    if any(not running.is_submitted(path) for path in todo):
        subprocess.run([SERVICE, "start"], check=True, env=environment)
    failed = 0
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            for line in pool.map(record, todo):
                print(line, flush=True)
                failed += not line.startswith("recorded")
    finally:
        if not given.keep:
            subprocess.run([SERVICE, "stop"], check=False, env=environment)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
