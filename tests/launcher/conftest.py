"""Runs the `sluice` command as a user does."""
import os
import signal
import subprocess
import sys

import pytest

SECONDS = 120

# A shell lets the jobs that it starts in the background ignore Ctrl-C, and their children with them.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Sluice:
    """The command, run in a folder of the test's own."""

    def __init__(self, folder, server_program):
        self.folder = folder
        self._server_program = server_program

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def environment(self, **variables):
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("SPARK_", "PYSPARK_", "SLUICE_"))}
        return {**inherited, "SLUICE_SERVER": self._server_program, "TZ": "UTC", "PYTHONWARNINGS": "ignore", **variables}

    def start(self, *arguments, **variables):
        return subprocess.Popen([sys.executable, "-m", "sluice", *map(str, arguments)], cwd=self.folder, text=True,
                                env=self.environment(**variables), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, start_new_session=True)

    def run(self, *arguments, text_in="", **variables):
        child = self.start(*arguments, **variables)
        try:
            child.out, child.err = child.communicate(text_in, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.out, child.err = child.communicate()
            pytest.fail(f"did not end: {child.out}\n{child.err}")
        return child

    def submit(self, program, *arguments, options=(), **variables):
        """Runs the program text."""
        return self.run("submit", *options, self.write("app.py", program), *arguments, **variables)


@pytest.fixture
def sluice(tmp_path, server_program):
    return Sluice(tmp_path, server_program)
