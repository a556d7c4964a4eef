"""Processes that vanish: Python workers, clients, and the server of a query whose checkpoint another one wants."""
import os
import signal
import subprocess
import sys
import tempfile
import textwrap

import pytest
from pyspark.sql import functions as F
from pyspark.sql.connect.session import SparkSession

from serving import Server
from waiting import wait_for


@pytest.fixture(scope="module")
def own_server(server_program):
    with Server(server_program) as server:
        yield server
        assert server.alive(), server.log()[-3000:]


@pytest.fixture(scope="module")
def spark(own_server):
    session = SparkSession.builder.remote(own_server.remote).create()
    yield session
    session.stop()


@pytest.fixture(autouse=True)
def active_session(spark):
    """F.udf asks for the active session; that of another test may have been stopped."""
    SparkSession._active_session.session = spark


def write(folder, name, text):
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{name}.part", "w") as file:
        file.write(text)
    os.rename(f"{folder}/{name}.part", f"{folder}/{name}")


def stream(spark, folder):
    return spark.readStream.schema("n INT").csv(f"{folder}/in/*.csv")


def wait_for_pid(path):
    wait_for(lambda: os.path.exists(path) and open(path).read(), f"{path} is not written")
    with open(path) as file:
        return int(file.read())


def kill_and_go_on(folder, start):
    """Kills the process that names itself in a file and hangs; the next one finds the file and works."""
    write(folder + "/in", "1.csv", "1\n2\n")
    query = start()
    os.kill(wait_for_pid(folder + "/pid"), signal.SIGKILL)
    with pytest.raises(Exception) as failure:
        query.awaitTermination(60)
    assert not query.isActive
    write(folder + "/in", "2.csv", "3\n")
    again = start()
    again.processAllAvailable()
    again.stop()
    assert again.id == query.id
    return str(failure.value)


def test_killed_foreach_batch_worker(spark, tmp_path):
    folder = str(tmp_path)

    def keep(frame, batch_id):
        import time
        if not os.path.exists(folder + "/pid"):
            with open(folder + "/pid", "w") as file:
                file.write(str(os.getpid()))
            time.sleep(600)
        with open(f"{folder}/{batch_id}.out", "w") as file:
            file.write(str(sorted(row.n for row in frame.collect())))

    def start():
        return stream(spark, folder).writeStream.foreachBatch(keep).option("checkpointLocation", folder + "/checkpoint").start()

    assert "Python worker exited unexpectedly" in kill_and_go_on(folder, start)
    assert [open(f"{folder}/{batch}.out").read() for batch in (0, 1)] == ["[1, 2]", "[3]"]


def test_killed_udf_worker(spark, tmp_path):
    folder = str(tmp_path)

    @F.udf("int")
    def twice(n):
        import time
        if not os.path.exists(folder + "/pid"):
            with open(folder + "/pid", "w") as file:
                file.write(str(os.getpid()))
            time.sleep(600)
        return 2 * n

    def start():
        return (stream(spark, folder).select(twice("n").alias("n")).writeStream.format("json")
                .option("checkpointLocation", folder + "/checkpoint").start(folder + "/out"))

    assert "Python worker exited unexpectedly" in kill_and_go_on(folder, start)
    assert sorted(row.n for row in spark.read.json(folder + "/out").collect()) == [2, 4, 6]


CLIENT = textwrap.dedent("""
    import sys, time
    from pyspark.sql.connect.session import SparkSession
    remote, folder = sys.argv[1:]
    spark = SparkSession.builder.remote(remote).create()
    rows = spark.readStream.schema("n INT").csv(folder + "/in/*.csv")
    query = rows.writeStream.format("json").option("checkpointLocation", folder + "/checkpoint").start(folder + "/out")
    query.processAllAvailable()
    print("ready", flush=True)
    query.awaitTermination()
""")


def start_client(server, folder):
    client = subprocess.Popen([sys.executable, "-c", CLIENT, server.remote, folder], stdout=subprocess.PIPE, text=True,
                              env=dict(os.environ, SPARK_HOME=tempfile.gettempdir()))
    assert client.stdout.readline() == "ready\n"
    return client


def test_client_that_vanishes(own_server, spark, tmp_path):
    """Its query goes on, as it does with Spark until the session is given up."""
    folder = str(tmp_path)
    write(folder + "/in", "1.csv", "1\n")
    client = start_client(own_server, folder)
    client.kill()
    client.wait()
    write(folder + "/in", "2.csv", "2\n")
    wait_for(lambda: os.path.exists(folder + "/checkpoint/commits/1"), "the query does not go on")
    assert spark.range(3).count() == 3


def test_two_servers_on_one_checkpoint(server_program, spark, tmp_path):
    folder = str(tmp_path)
    write(folder + "/in", "1.csv", "1\n")
    rows = stream(spark, folder).writeStream.format("json").option("checkpointLocation", folder + "/checkpoint")
    other = Server(server_program)
    client = start_client(other, folder)
    with pytest.raises(Exception) as failure:
        rows.start(folder + "/out")
    assert failure.value.getCondition() == "CONCURRENT_QUERY"
    other.kill()
    client.kill()
    client.wait()
    write(folder + "/in", "2.csv", "2\n")
    rows.trigger(availableNow=True).start(folder + "/out").awaitTermination()
    assert sorted(row.n for row in spark.read.json(folder + "/out").collect()) == [1, 2]
