"""Builds and runs the tests, and sums up what passed.

    test.py [--preset release] [--units all|none|NAME,...] [--fuzz RUNS] [--no-pytest] [--report FILE]
            [-- PYTEST-ARGUMENTS...]
    test.py --sum FILE

Without --, every test of tests/ that needs no other service. --fuzz gives each fuzz target that many inputs (the asan-ubsan
preset). --report adds the counts to a file, and --sum prints such a file, for .ci/run.
"""
import argparse
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
SYMBOLIZER = shutil.which("addr2line")
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": f"detect_leaks=0:abort_on_error=1:external_symbolizer_path={SYMBOLIZER}",
    "UBSAN_OPTIONS": f"print_stacktrace=1:external_symbolizer_path={SYMBOLIZER}",
    "TSAN_OPTIONS": f"suppressions={ROOT}/cmake/tsan-suppressions.txt:halt_on_error=1:report_thread_leaks=0:external_symbolizer_path={SYMBOLIZER}",
}
# Limits of one input of a fuzz target.
FUZZ_OPTIONS = ["-seed=1", "-max_len=4096", "-timeout=30", "-rss_limit_mb=2048", "-verbosity=0", "-print_final_stats=1"]


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
    build_quietly(["ninja", "-C", folder, f"-j{jobs()}", *targets])
    return folder


def build_quietly(command):
    """Shows every fiftieth step where nobody watches, else all on one line; what the compiler says is always shown."""
    if sys.stdout.isatty():
        subprocess.run(command, check=True)
        return
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    for line in child.stdout:
        step = line.split("]", 1)[0].removeprefix("[").split("/")
        if len(step) != 2 or not step[0].isdigit() or int(step[0]) % 50 == 0 or step[0] == step[1]:
            print(line, end="", flush=True)
    if child.wait() != 0:
        raise subprocess.CalledProcessError(child.returncode, command)


def run_units(folder, names, results):
    """Runs the unit tests through CTest; the counts come from the reports that each program writes."""
    reports = folder / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    command = ["ctest", "--test-dir", folder, "--output-on-failure", f"-j{jobs()}", "--timeout", "600"]
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
    results.append((f"unit tests ({folder.name})", passed, failed, 0))


def fuzz(folder, target, runs):
    """One target on its seeds; its status and what it printed."""
    seeds = ROOT / "tests" / "fuzz" / "corpus" / target.removesuffix("_fuzz")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as found:
        command = [folder / target, f"-runs={runs}", *FUZZ_OPTIONS, f"-artifact_prefix={folder}/{target}-", found, seeds]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              env={**os.environ, "TMPDIR": found})
    return done.returncode, done.stdout


def run_fuzzers(folder, runs, results):
    """Each target starts from its seeds with a fixed random seed, so that every run of this does the same."""
    say(f"fuzz targets, {runs} inputs each")
    failed = 0
    targets = sorted(path.stem for path in (ROOT / "tests" / "fuzz").glob("*_fuzz.cc"))
    with concurrent.futures.ThreadPoolExecutor(int(jobs())) as pool:
        for target, (status, output) in zip(targets, pool.map(lambda target: fuzz(folder, target, runs), targets)):
            speed = next((line.split(":")[-1].strip() for line in output.splitlines() if "average_exec_per_sec" in line), "?")
            print(f"{target}: {'FAILED' if status else 'passed'}, {speed} inputs a second", flush=True)
            if status:
                failed += 1
                print("\n".join(output.splitlines()[-60:]), flush=True)
    results.append((f"fuzz targets ({folder.name})", len(targets) - failed, failed, 0))


def run_pytest(folder, arguments, results):
    say("pytest " + " ".join(arguments))
    report = folder / "pytest.xml"
    report.unlink(missing_ok=True)
    status = subprocess.run([PYTHON, "-m", "pytest", f"--server={folder}/sluice-server", f"--junitxml={report}", *arguments],
                            cwd=ROOT).returncode
    passed = failed = skipped = 0
    if report.exists():
        for suite in xml.parse(report).getroot().iter("testsuite"):
            bad = int(suite.get("failures")) + int(suite.get("errors"))
            failed += bad
            skipped += int(suite.get("skipped"))
            passed += int(suite.get("tests")) - bad - int(suite.get("skipped"))
    if status not in (0, 5) and failed == 0:
        failed = 1
    results.append((f"pytest ({folder.name})", passed, failed, skipped))


def run_all(given, results):
    if given.preset == "release":
        status = subprocess.run([PYTHON, "tools/check_layers.py"], cwd=ROOT).returncode
        results.append(("layers", int(status == 0), int(status != 0), 0))
    units = [] if given.units in ("all", "none") else given.units.split(",")
    server = [] if given.no_pytest else ["sluice-server"]
    targets = [] if given.units == "all" else [*server, *(f"sluice_{name.replace('/', '_')}_test" for name in units)]
    try:
        folder = build(given.preset, targets)
    except subprocess.CalledProcessError:
        results.append((f"build ({given.preset})", 0, 1, 0))
        return
    if given.units != "none":
        run_units(folder, units, results)
    if given.fuzz:
        run_fuzzers(folder, given.fuzz, results)
    if not given.no_pytest:
        run_pytest(folder, given.pytest or ["tests"], results)


def summary(results):
    """The last line is for programs that look for it."""
    say("summary")
    for name, passed, failed, skipped in results:
        print(f"{name:<28}{passed:>6} passed {failed:>4} failed {skipped:>4} skipped")
    passed, failed, skipped = (sum(result[index] for result in results) for index in (1, 2, 3))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed or not passed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="release")
    parser.add_argument("--units", default="all")
    parser.add_argument("--fuzz", type=int, default=0)
    parser.add_argument("--no-pytest", action="store_true")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--sum", type=Path)
    parser.add_argument("pytest", nargs="*")
    given = parser.parse_args()
    if given.sum:
        return summary([json.loads(line) for line in given.sum.read_text().splitlines()])
    os.environ.update({key: os.environ.get(key, value) for key, value in SANITIZER_OPTIONS.items()})
    results = []
    run_all(given, results)
    if given.report:
        with open(given.report, "a") as report:
            report.writelines(json.dumps(result) + "\n" for result in results)
    return summary(results)


if __name__ == "__main__":
    sys.exit(main())
