"""`sluice shell`, `sluice sql`, `sluice serve`, `sluice --version`."""
import signal
import subprocess
import sys

from pyspark.sql.connect.session import SparkSession


def test_version(sluice):
    done = sluice.run("--version")
    assert done.returncode == 0 and done.out.startswith("sluice 0.") and "Spark API 4.2.0" in done.out


def test_usage(sluice):
    assert "submit" in sluice.run("--help").out
    wrong = sluice.run("sbumit")
    assert wrong.returncode == 2 and "unknown command 'sbumit'" in wrong.err


def test_shell_runs_what_it_reads(sluice):
    sluice.write("first.py", "x = spark.range(4).count()\nprint('script', x, __name__)\n")
    done = sluice.run("shell", "-i", "first.py", "--name", "mine", text_in="print(x + 1, sc.appName)\nsql('SELECT 7 AS n').show()\n")
    assert done.returncode == 0, done.err
    assert "SparkSession available as 'spark'." in done.out
    assert done.out.splitlines()[-7:] == ["script 4 __main__", "5 mine", "+---+", "|  n|", "+---+", "|  7|", "+---+"] or \
        done.out.rstrip().splitlines()[-7:] == ["script 4 __main__", "5 mine", "+---+", "|  n|", "+---+", "|  7|", "+---+"]


def test_sql_statements(sluice):
    sluice.write("all.sql", "CREATE TEMPORARY VIEW v AS SELECT 1 AS a, 'x;y' AS b; -- two statements\nSELECT *, NULL FROM v;\n")
    assert sluice.run("sql", "-f", "all.sql").out == "1\tx;y\tNULL\n"
    assert sluice.run("sql", "-e", "SELECT array(1, 2), true", "-e", "SELECT 2").out == "[1, 2]\ttrue\n2\n"
    assert sluice.run("sql", text_in="SELECT 3").out == "3\n"
    wrong = sluice.run("sql", "-e", "SELECT no_such; SELECT 1")
    assert wrong.returncode == 1 and wrong.out == "" and "UNRESOLVED_COLUMN" in wrong.err and "Traceback" not in wrong.err


def _served(sluice, *arguments, **variables):
    child = sluice.start("serve", "--port", "0", *arguments, **variables)
    line = child.stdout.readline()
    address = next(word for word in line.split() if word.startswith("sc://"))
    return child, address


def test_serve_prints_the_address(sluice):
    child, address = _served(sluice)
    try:
        session = SparkSession.builder.remote(address).create()
        assert session.range(5).count() == 5
        session.stop()
    finally:
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
    assert child.returncode in (0, 130)


def test_serve_with_a_token(sluice):
    child, address = _served(sluice, SPARK_CONNECT_AUTHENTICATE_TOKEN="a-token")
    try:
        probe = ("import sys\nfrom pyspark.sql.connect.session import SparkSession\n"
                 "try:\n    print(SparkSession.builder.remote(sys.argv[1]).create().range(2).count())\n"
                 "except Exception as error:\n    print('UNAUTHENTICATED' in str(error))\n")
        plain = address.split(";token=")[0].rstrip("/")
        for remote, expected in ((plain, "True"), (plain + "/;token=wrong", "True"), (plain + "/;token=a-token", "2")):
            done = subprocess.run([sys.executable, "-c", probe, remote], capture_output=True, text=True, timeout=60,
                                  env=sluice.environment(SPARK_HOME="/tmp"))
            assert done.stdout.strip() == expected, done.stderr
    finally:
        child.terminate()
        child.communicate(timeout=60)
