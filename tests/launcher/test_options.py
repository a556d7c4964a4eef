"""The command line and the settings files of spark-submit."""
import pytest

from sluice import options, properties, sql


def test_options_end_at_the_application():
    parsed = options.parse(["--name", "n", "--conf", "spark.a=1=2", "-c", "spark.b = x", "app.py", "--name", "m"])
    assert parsed.application == "app.py" and parsed.arguments == ["--name", "m"]
    assert parsed.conf == {"spark.app.name": "n", "spark.a": "1=2", "spark.b": "x"}
    assert parsed.without_effect == []


def test_options_with_equals_sign():
    parsed = options.parse(["--master=local[4]", "--py-files=a.py,b.zip", "app.py"])
    assert parsed.conf["spark.master"] == "local[4]"
    assert parsed.paths("spark.submit.pyFiles") == ["a.py", "b.zip"]


@pytest.mark.parametrize("option", ["--driver-memory", "--executor-memory", "--num-executors", "--executor-cores", "--queue",
                                    "--total-executor-cores", "--driver-cores", "--deploy-mode", "--class", "--packages",
                                    "--repositories", "--jars", "--driver-class-path", "--driver-java-options", "--keytab"])
def test_options_of_clusters_and_jvms_have_no_effect(option, capsys):
    parsed = options.parse([option, "value", "--supervise", "app.py"])
    assert parsed.application == "app.py" and parsed.without_effect == [option, "--supervise"]
    options.report_without_effect(parsed)
    line, = capsys.readouterr().err.splitlines()
    assert option in line and "no effect" in line


@pytest.mark.parametrize("arguments, text", [
    (["--wibble", "app.py"], "Unrecognized option: --wibble"),
    (["--name"], "Missing argument for option '--name'."),
    (["--conf", "spark.a", "app.py"], "Spark config without '=': spark.a"),
    (["--master", "cloud", "app.py"], "Master must either be yarn or start with spark, k8s, or local"),
    (["--kill", "driver-1"], "cluster manager"),
    (["--properties-file", "/no/such/file", "app.py"], "Cannot read the properties file"),
])
def test_wrong_options(arguments, text):
    with pytest.raises(options.UsageError, match=None) as error:
        options.parse(arguments)
    assert text in str(error.value)


def test_masters_of_clusters_are_told():
    assert options.parse(["--master", "yarn", "app.py"]).without_effect == ["--master yarn"]


def test_the_command_line_for_spark_lacks_the_engine():
    parsed = options.parse(["--engine", "spark", "--master", "yarn", "-c", "spark.a=1", "--kill=x", "app.py", "--engine", "y"])
    assert parsed.engine == "spark"
    assert parsed.of_spark == ["--master", "yarn", "-c", "spark.a=1", "--kill=x", "app.py", "--engine", "y"]
    with pytest.raises(options.UsageError, match="--engine flink"):
        options.parse(["--engine=flink", "app.py"])


def test_the_engine_spark_is_looked_for(tmp_path, monkeypatch, capfd):
    from sluice import submit

    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    assert submit.main(["--engine", "spark", "app.py"]) == 1
    assert f"{tmp_path}/bin/spark-submit is no program" in capfd.readouterr().err
    monkeypatch.delenv("SPARK_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert submit.main(["--engine", "spark", "app.py"]) == 1
    assert "set SPARK_HOME, or have spark-submit on the PATH" in capfd.readouterr().err


def test_order_of_precedence(tmp_path, monkeypatch):
    (tmp_path / "spark-defaults.conf").write_text("spark.a default\nspark.d default\n")
    own = tmp_path / "own.conf"
    own.write_text("spark.a file\nspark.b file\n")
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    assert options.parse(["app.py"]).conf == {"spark.a": "default", "spark.d": "default"}
    parsed = options.parse(["--properties-file", str(own), "--conf", "spark.b=line", "app.py"])
    assert parsed.conf == {"spark.a": "file", "spark.b": "line"}
    parsed = options.parse(["--load-spark-defaults", "--properties-file", str(own), "app.py"])
    assert parsed.conf == {"spark.a": "file", "spark.b": "file", "spark.d": "default"}


def test_properties_format():
    text = ("# comment\n! comment\nspark.a value with spaces  \nspark.b=1\nspark.c : 2\nspark.d\\ e=\\t\\u0041\n"
            "spark.long one \\\n    two\nspark.empty\n\nspark.path C:\\\\x\n")
    assert properties.parse_properties(text) == {
        "spark.a": "value with spaces", "spark.b": "1", "spark.c": "2", "spark.d e": "\tA", "spark.long": "one two",
        "spark.empty": "", "spark.path": "C:\\x"}


def test_statements():
    text = "SELECT ';' -- not; here\n; SELECT `a;b`, \"x\\\";y\" /* ; */ FROM t;\n-- only a comment\n;"
    assert sql.statements(text) == ["SELECT ';' -- not; here", "SELECT `a;b`, \"x\\\";y\" /* ; */ FROM t"]
