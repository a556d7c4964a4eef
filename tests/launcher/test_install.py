"""`pip install .`: the command works in an environment that knows nothing of the clone."""
import subprocess
import sys
import venv

import pytest

import running

PROGRAM = "from pyspark.sql import SparkSession\nprint(SparkSession.builder.getOrCreate().range(3).count())\n"


@pytest.mark.install
def test_the_installed_command_runs_a_program(tmp_path):
    # Without isolation the compiler sees the same paths as in `make build`, so its cache has almost everything.
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", tmp_path, running.ROOT],
                   check=True)
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    wheel, = tmp_path.glob("sluice-*.whl")
    subprocess.run([environment / "bin" / "pip", "install", "-q", wheel], check=True)
    program = tmp_path / "app.py"
    program.write_text(PROGRAM)
    done = subprocess.run([environment / "bin" / "sluice", "submit", program], cwd=tmp_path, env={"PATH": "/usr/bin:/bin"},
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr
