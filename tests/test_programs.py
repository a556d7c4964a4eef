"""Every program prints exactly what it printed on a real Apache Spark."""
import concurrent.futures
import os
import sys

import pytest

import running

PROGRAMS = running.programs()


def _name(program):
    return str(program.relative_to(running.PROGRAMS).with_suffix(""))


@pytest.fixture(scope="session")
def outcomes(request, server, server_program):
    """Runs all selected programs ahead of the tests that look at them, a few at a time."""
    timeout = float(os.environ.get("PROGRAM_TIMEOUT", "120"))

    def run(program):
        if not server.alive():
            return running.Outcome(None, "", "not run: the server has ended")
        outcome = run_alive(program)
        if not server.alive():
            outcome.errors += f"\nthe server ended:\n{server.last_words(2500)}"
        return outcome

    def run_alive(program):
        if running.is_submitted(program):
            return running.execute([sys.executable, "-m", "sluice", "submit", program], timeout, SLUICE_SERVER=server_program)
        return running.against_server(program, server.remote, sys.executable, timeout=timeout)

    selected = {item.callspec.params["program"] for item in request.session.items
                if getattr(item, "originalname", "") == "test_program"}
    pool = concurrent.futures.ThreadPoolExecutor(request.config.getoption("--jobs"))
    futures = {program: pool.submit(run, program) for program in PROGRAMS if program in selected}
    yield futures
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("program", PROGRAMS, ids=_name)
def test_program(program, outcomes):
    recording = running.recording(program)
    assert recording.exists(), "not recorded; run tools/record_programs.py"
    wrong = running.difference(recording.read_text(encoding="utf-8"), outcomes[program].result())
    assert wrong is None, wrong
