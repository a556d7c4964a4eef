"""`sluice submit --engine spark`: the same command line for the spark-submit of an installed Apache Spark."""
import os
import shutil
import sys


class NoSpark(Exception):
    """There is no spark-submit; the text is for the user."""


def spark_submit():
    """The program: that of $SPARK_HOME, or the one on the PATH."""
    home = os.environ.get("SPARK_HOME")
    if home:
        program = os.path.join(home, "bin", "spark-submit")
        if os.access(program, os.X_OK):
            return program
        raise NoSpark(f"--engine spark: {program} is no program; SPARK_HOME must name an installed Apache Spark")
    program = shutil.which("spark-submit")
    if program is None:
        raise NoSpark("--engine spark needs an installed Apache Spark: set SPARK_HOME, or have spark-submit on the PATH")
    return program


def run(arguments, master):
    """Becomes spark-submit; returns only if that cannot be."""
    program = spark_submit()
    environment = {key: value for key, value in os.environ.items() if key != "SPARK_REMOTE"}
    if master.startswith("local"):
        # The program's packages are those of this Python; a cluster has its own.
        environment.setdefault("PYSPARK_PYTHON", sys.executable)
        environment.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(program, [program, *arguments], environment)
