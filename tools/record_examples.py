"""Records what each function's example gives on a real Apache Spark, in tests/function_examples.json.

    record_examples.py [--server PROGRAM] [--keep]      --keep leaves Spark running

The examples are those of the built server's registry. One whose two runs differ (random values, clocks) is recorded as an
example that has no fixed result, by its schema alone.
"""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import running  # noqa: E402

SERVICE = ROOT / "tests" / "services" / "spark.sh"
PORT = os.environ.get("SPARK_CONNECT_PORT", "15702")
TARGET = ROOT / "tests" / "function_examples.json"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=ROOT / "build" / "release" / "sluice-server")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    os.environ.setdefault("SPARK_HOME", "/tmp")
    os.environ["TZ"] = "UTC"
    from pyspark.sql.connect.session import SparkSession

    listed = subprocess.run([given.server, "--list-functions"], check=True, capture_output=True, text=True).stdout
    environment = {**os.environ, "SPARK_CONNECT_PORT": PORT, "SPARK_WITH_FORMATS": "1"}
    subprocess.run([SERVICE, "start"], check=True, env=environment)
    failed = 0
    try:
        spark = SparkSession.builder.remote(f"sc://localhost:{PORT}").create()
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        recorded = {}
        spark.conf.set("spark.sql.timeType.enabled", "true")
        for entry in json.loads(listed):
            query = entry["example"]
            if not query:
                continue  # a function of the DataFrame API that SQL does not have
            try:
                first, second = running.query_result(spark, query), running.query_result(spark, query)
                recorded[query] = first if first == second else first[:1]
            except Exception as error:
                failed += 1
                print(f"{entry['name']}: {query}: {str(error).splitlines()[0]}", flush=True)
        spark.stop()
    finally:
        if not given.keep:
            subprocess.run([SERVICE, "stop"], check=False, env=environment)
    TARGET.write_text(json.dumps(recorded, indent=0, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{len(recorded)} recorded, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
