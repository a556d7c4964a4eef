"""Builds and runs the tests, and sums up what passed.

    test.py [--preset release] [--units all|none|NAME,...] [--report FILE] [-- PYTEST-ARGUMENTS...]

Without --, every test of tests/ that needs no other service. --report adds the counts to a file, for .ci/run.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:detect_stack_use_after_return=0",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": f"suppressions={ROOT}/cmake/tsan-suppressions.txt:halt_on_error=1",
}


def say(text):
    print(f"\n== {time.strftime('%H:%M:%S')} {text}", flush=True)


def jobs():
    return os.environ.get("JOBS") or str(os.cpu_count())


def build(preset, targets):
    folder = ROOT / "build" / preset
    if not (folder / "build.ninja").exists():
        say(f"configuring {preset}")
        subprocess.run(["cmake", "--preset", preset, f"-DSLUICE_PYTHON={PYTHON}"], cwd=ROOT, check=True)
    say(f"building {preset}: {' '.join(targets) or 'everything'}")
    subprocess.run(["ninja", "-C", folder, f"-j{jobs()}", *targets], check=True)
    return folder


def run_units(folder, names, results):
    """Runs the unit tests through CTest; the counts come from the reports that each program writes."""
    reports = folder / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    command = ["ctest", "--test-dir", folder, "--output-on-failure", "--progress", f"-j{jobs()}"]
    if names:
        command += ["-R", "^(" + "|".join(names) + ")$"]
    say("unit tests")
    status = subprocess.run([str(word) for word in command], env={**os.environ, "GTEST_OUTPUT": f"json:{reports}/"}).returncode
    passed = failed = 0
    for report in reports.glob("*.json"):
        counts = json.loads(report.read_text())
        failed += counts["failures"] + counts.get("errors", 0)
        passed += counts["tests"] - counts["failures"] - counts.get("errors", 0) - counts.get("disabled", 0)
    if status != 0 and failed == 0:
        failed = 1  # a program died before it could report
    results.append((f"unit tests ({folder.name})", passed, failed))


def run_pytest(folder, arguments, results):
    say("pytest " + " ".join(arguments))
    report = folder / "pytest.xml"
    report.unlink(missing_ok=True)
    status = subprocess.run([PYTHON, "-m", "pytest", f"--server={folder}/sluice-server", f"--junitxml={report}", *arguments],
                            cwd=ROOT).returncode
    passed = failed = 0
    if report.exists():
        for suite in xml.parse(report).getroot().iter("testsuite"):
            bad = int(suite.get("failures")) + int(suite.get("errors"))
            failed += bad
            passed += int(suite.get("tests")) - bad - int(suite.get("skipped"))
    if status not in (0, 5) and failed == 0:
        failed = 1
    results.append((f"pytest ({folder.name})", passed, failed))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="release")
    parser.add_argument("--units", default="all")
    parser.add_argument("--report", type=Path)
    parser.add_argument("pytest", nargs="*")
    given = parser.parse_args()
    os.environ.update({key: os.environ.get(key, value) for key, value in SANITIZER_OPTIONS.items()})
    results = []
    if given.preset == "release":
        status = subprocess.run([PYTHON, "tools/check_layers.py"], cwd=ROOT).returncode
        results.append(("layers", int(status == 0), int(status != 0)))
    units = [] if given.units in ("all", "none") else given.units.split(",")
    targets = [] if given.units == "all" else ["sluice-server", *(f"sluice_{name.replace('/', '_')}_test" for name in units)]
    folder = build(given.preset, targets)
    if given.units != "none":
        run_units(folder, units, results)
    run_pytest(folder, given.pytest or ["tests"], results)
    if given.report:
        with open(given.report, "a") as report:
            report.writelines(json.dumps(result) + "\n" for result in results)
    say("summary")
    for name, passed, failed in results:
        print(f"{name:<28}{passed:>6} passed {failed:>4} failed")
    print(f"{sum(r[1] for r in results)} passed, {sum(r[2] for r in results)} failed")
    return 1 if any(failed for _, _, failed in results) else 0


if __name__ == "__main__":
    sys.exit(main())
