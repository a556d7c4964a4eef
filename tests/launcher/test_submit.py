"""`sluice submit`: how a program runs, what it is given, how it ends."""
import os
import signal
import zipfile
from pathlib import Path

import pytest

from waiting import wait_for

SESSION = "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n"


def test_a_program_is_main(sluice):
    done = sluice.submit("import sys, __main__\n"
                         "print(sys.argv[1:], __name__, __file__ == sys.argv[0], sys.path[0] in __file__)\n"
                         "print(__main__.__dict__ is globals(), 'sluice' in sys.argv[0])\n", "a", "--b", "c d")
    assert (done.returncode, done.out) == (0, "['a', '--b', 'c d'] __main__ True True\nTrue False\n"), done.err


@pytest.mark.parametrize("ending, status, err", [
    ("raise SystemExit(3)", 3, ""), ("import sys; sys.exit()", 0, ""), ("import sys; sys.exit('no good')", 1, "no good\n"),
    ("import os; os._exit(7)", 7, ""), ("open('/no/such/file')", 1, "FileNotFoundError"), ("1 +", 1, "SyntaxError")])
def test_the_exit_status_is_passed_on(sluice, ending, status, err):
    done = sluice.submit(ending)
    assert done.returncode == status and err in done.err


def test_a_traceback_shows_only_the_program(sluice):
    done = sluice.submit(SESSION + "def f():\n    raise ValueError('mine')\nf()\n")
    lines = done.err.splitlines()
    assert done.returncode == 1 and lines[0] == "Traceback (most recent call last):" and lines[-1] == "ValueError: mine"
    assert "app.py\", line 5" in lines[1] and not any("sluice/" in line for line in lines)


def test_settings_reach_the_session(sluice):
    sluice.write("own.conf", "spark.sql.shuffle.partitions 7\nspark.file.key from file\nspark.both file\n")
    done = sluice.submit(
        "from pyspark import SparkConf\nfrom pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.config('spark.code', 'c').config('spark.line.2', 'code').getOrCreate()\n"
        "for key in ('spark.sql.shuffle.partitions', 'spark.file.key', 'spark.both', 'spark.line', 'spark.line.2', 'spark.code'):\n"
        "    print(key, spark.conf.get(key))\n"
        "print(SparkConf().get('spark.both'), spark.sparkContext.getConf().get('spark.driver.memory'))\n"
        "print(spark.sparkContext.appName, spark.sparkContext.master, spark.sparkContext.defaultParallelism)\n",
        options=["--properties-file", "own.conf", "--conf", "spark.both=line", "--conf", "spark.line=l", "-c", "spark.line.2=l",
                 "--driver-memory", "3g", "--master", "local[5]"])
    assert done.returncode == 0, done.err
    assert done.out.splitlines() == [
        "spark.sql.shuffle.partitions 7", "spark.file.key from file", "spark.both line", "spark.line l", "spark.line.2 code",
        "spark.code c", "line 3g", "app.py local[5] 5"]
    assert done.err.splitlines() == ["sluice: --driver-memory has no effect here (no JVM, no cluster)"]


def test_pandas_is_loaded_when_it_is_needed(sluice):
    done = sluice.submit(
        SESSION + "import sys\n"
        "print(spark.range(2).count(), 'pandas' in sys.modules)\n"
        "frame = spark.range(2).toPandas()\n"
        "import pandas as pd\nfrom pandas.api.types import is_datetime64_dtype\n"
        "print(type(frame) is pd.DataFrame, type(pd).__name__, is_datetime64_dtype(frame['id']), sys.modules['pandas'] is pd)\n"
        "days = pd.DataFrame({'d': pd.to_datetime(['2024-01-02'])})\n"
        "print(spark.createDataFrame(days).collect()[0].d.day, spark.createDataFrame(frame['id'].to_frame()).count())\n"
        "from pyspark.sql.functions import pandas_udf\n"
        "@pandas_udf('long')\ndef next_id(ids: pd.Series) -> pd.Series:\n    return pd.Series(ids + 1)\n"
        "print([row[0] for row in spark.range(2).select(next_id('id')).collect()])\n")
    assert (done.returncode, done.out) == (0, "2 False\nTrue module False True\n2 2\n[1, 2]\n"), done.err


def test_pandas_may_be_imported_first(sluice):
    done = sluice.submit("import pandas as pd\n" + SESSION + "print(spark.createDataFrame(pd.DataFrame({'a': [1]})).collect())\n")
    assert (done.returncode, done.out) == (0, "[Row(a=1)]\n"), done.err


UNCLEAN = """
import os, tempfile
base = tempfile.mkdtemp()
os.mkdir(base + '/in')
open(base + '/in/a.txt', 'w').write('x\\n')
open(base + '/archive', 'w').close()
lines = spark.readStream.option('cleanSource', 'archive').option('sourceArchiveDir', base + '/archive').text(base + '/in')
for _ in range(3):
    query = lines.writeStream.format('noop').option('checkpointLocation', base + '/cp').trigger(availableNow=True).start()
    query.awaitTermination()
    open(base + f'/in/b{_}.txt', 'w').write('y\\n')
"""


@pytest.mark.parametrize("option, level, shown", [
    (None, None, True), (None, "warn", True), (None, "ERROR", False), ("spark.log.level=OFF", None, False),
    ("spark.log.level=OFF", "INFO", True)])
def test_the_log_has_the_programs_level(sluice, option, level, shown):
    set_level = f"spark.sparkContext.setLogLevel('{level}')\n" if level else ""
    done = sluice.submit(SESSION + set_level + UNCLEAN, options=["--conf", option] if option else [])
    assert (done.returncode, done.out) == (0, ""), done.err
    assert ("WARN" in done.err.upper() and "could not be cleaned up" in done.err) == shown, done.err
    assert shown or not done.err


def test_names_and_masters_of_the_program_win(sluice):
    done = sluice.submit("from pyspark.sql import SparkSession\n"
                         "s = SparkSession.builder.master('local[2]').appName('mine').getOrCreate()\n"
                         "print(s.sparkContext.appName, s.sparkContext.master, s.conf.get('spark.app.name'))\n",
                         options=["--name", "given", "--master", "yarn"])
    assert done.out == "mine local[2] mine\n", done.err


def test_python_files_reach_program_and_workers(sluice):
    sluice.write("lib/one.py", "def name(n):\n    return f'one {n}'\n")
    with zipfile.ZipFile(sluice.folder / "two.zip", "w") as archive:
        archive.writestr("two/__init__.py", "VALUE = 2\n")
    sluice.write("beside.py", "def add(n):\n    return n + 100\n")
    done = sluice.submit(SESSION + "from pyspark.sql import functions as F\nimport one, two, beside\n"
                         "print(one.name(0), two.VALUE)\n"
                         "f = F.udf(lambda n: f'{one.name(n)} {two.VALUE} {beside.add(n)}')\n"
                         "print([row[0] for row in spark.range(2).select(f('id')).collect()])\n",
                         options=["--py-files", "lib/one.py,two.zip"])
    assert done.out == "one 0 2\n['one 0 2 100', 'one 1 2 101']\n", done.err


def test_files_and_archives(sluice):
    sluice.write("table.txt", "from a file")
    with zipfile.ZipFile(sluice.folder / "data.zip", "w") as archive:
        archive.writestr("inner/x.txt", "from an archive")
    done = sluice.submit(SESSION + "from pyspark import SparkFiles\nfrom pyspark.sql import functions as F\n"
                         "print(open(SparkFiles.get('table.txt')).read(), open(SparkFiles.get('data/inner/x.txt')).read())\n"
                         "open('late.txt', 'w').write('late')\nspark.sparkContext.addFile('late.txt')\n"
                         "print(open(SparkFiles.get('late.txt')).read())\n",
                         options=["--files", "table.txt", "--archives", "data.zip#data"])
    assert done.out == "from a file from an archive\nlate\n", done.err


@pytest.mark.parametrize("arguments, text", [
    ([], "Missing application resource."), (["none.py"], "none.py does not exist"), (["x.jar"], "not a Python program"),
    (["--py-files", "none.py", "app.py"], "none.py does not exist"), (["--files", "s3://b/f", "app.py"], "only files of this machine"),
    (["--wibble", "app.py"], "Unrecognized option: --wibble")])
def test_wrong_command_lines(sluice, arguments, text):
    sluice.write("app.py", "print('ran')")
    done = sluice.run("submit", *arguments)
    assert done.returncode == 1 and done.out == "" and text in done.err and "Traceback" not in done.err


def test_a_missing_server_is_told(sluice):
    done = sluice.submit("print('ran')", SLUICE_SERVER="/no/such/server")
    assert done.returncode == 1 and done.out == ""
    assert done.err == "sluice: the server program is not there: /no/such/server; `make build` builds it\n"


def _server_of(child):
    """The pid of the server that the command started."""
    for line in Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split():
        if "sluice-server" in Path(f"/proc/{line}/comm").read_text():
            return int(line)
    return None


def _ended(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


ENDLESS = SESSION + """
query = spark.readStream.format("rate").load().writeStream.format("noop").start()
print("running", flush=True)
query.awaitTermination()
"""


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_stop_the_queries_and_the_server(sluice, number, status):
    child = sluice.start("submit", sluice.write("app.py", ENDLESS))
    assert child.stdout.readline() == "running\n", child.stderr.read()
    server = _server_of(child)
    os.killpg(child.pid, number) if number == signal.SIGINT else os.kill(child.pid, number)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == status and _ended(server)
    assert ("KeyboardInterrupt" in errors) == (number == signal.SIGINT)


def test_the_server_ends_with_a_killed_program(sluice):
    child = sluice.start("submit", sluice.write("app.py", ENDLESS))
    assert child.stdout.readline() == "running\n", child.stderr.read()
    server = _server_of(child)
    child.kill()
    child.wait()
    wait_for(lambda: _ended(server), "the server outlived its program")
    child.communicate()


def test_a_program_that_ends_ends_its_queries(sluice):
    done = sluice.submit(SESSION + """
from pyspark.sql.streaming import StreamingQueryListener
class Quiet(StreamingQueryListener):
    onQueryStarted = onQueryProgress = onQueryIdle = onQueryTerminated = lambda self, event: None
spark.streams.addListener(Quiet())
query = spark.readStream.format("rate").load().writeStream.format("noop").start()
print("end", query.isActive)
""")
    assert (done.returncode, done.out) == (0, "end True\n"), done.err


def test_the_token_is_no_argument(sluice):
    done = sluice.submit(SESSION + """
import os
server, = [pid for pid in open(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read().split()
           if "sluice-server" in open(f"/proc/{pid}/comm").read()]
token = os.environ["SPARK_REMOTE"].split("token=")[1]
print(len(token) >= 32, token in open(f"/proc/{server}/cmdline").read())
wrong = os.environ["SPARK_REMOTE"].replace(token, "x" * len(token))
try:
    SparkSession.builder.remote(wrong).create().range(1).collect()
except Exception as error:
    print("refused", "UNAUTHENTICATED" in str(error))
print(spark.range(2).count())
""")
    assert done.out == "True False\nrefused True\n2\n", done.err


def test_a_running_server_can_be_used(sluice, server):
    done = sluice.submit("from pyspark.sql import SparkSession\nspark = SparkSession.builder.master('local').getOrCreate()\n"
                         "print(spark.range(3).count(), spark.sparkContext.appName, spark.conf.get('spark.x'))\n",
                         options=["--remote", server.remote, "--conf", "spark.x=y"], SLUICE_SERVER="/none")
    assert done.out == "3 app.py y\n", done.err


def test_verbose_tells_what_was_understood(sluice):
    done = sluice.submit("pass", "x", options=["--verbose", "--conf", "spark.my.password=hidden", "--conf", "spark.k=v"])
    assert done.returncode == 0 and "spark.k" in done.err and "hidden" not in done.err and "app.py" in done.err


def test_dstreams_say_what_to_use_instead(sluice):
    done = sluice.submit("from pyspark import SparkContext\nfrom pyspark.streaming import StreamingContext\n"
                         "StreamingContext(SparkContext(), 1)\n")
    assert done.returncode == 1 and "Use" not in done.out and "spark.readStream" in done.err.splitlines()[-1]
