"""from_avro and to_avro with a schema registry: a small one of Confluent's kind, in a thread of the test."""
import base64
import contextlib
import io
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro, to_avro

SECRET = "s3cr3t-w0rd"


class Registry:
    """Schemas by id and by subject; `trouble` is the answer of the next requests instead of what they ask for."""

    def __init__(self, user_info=None):
        self.schemas, self.subjects, self.requests, self.trouble, self.user_info = {}, {}, [], [], user_info
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self.answer(*registry.get(self))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(*registry.post(self, body))

            def answer(self, status, body, **headers):
                text = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(text)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.http.server_port}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def refusal(self, request):
        self.requests.append(f"{request.command} {request.path}")
        if self.trouble:
            return self.trouble.pop(0)
        if self.user_info:
            wanted = "Basic " + base64.b64encode(self.user_info.encode()).decode()
            if request.headers.get("Authorization") != wanted:
                return 401, {"error_code": 401, "message": "Unauthorized"}
        return None

    def get(self, request):
        refusal = self.refusal(request)
        if refusal:
            return refusal
        parts = request.path.strip("/").split("/")
        if parts[:2] == ["schemas", "ids"] and int(parts[2]) in self.schemas:
            return 200, self.schemas[int(parts[2])]
        if parts[0] == "subjects" and parts[1] in self.subjects:
            number = self.subjects[parts[1]][-1]
            return 200, {"subject": parts[1], "version": len(self.subjects[parts[1]]), "id": number, **self.schemas[number]}
        return 404, {"error_code": 40403, "message": "Schema not found"}

    def post(self, request, body):
        refusal = self.refusal(request)
        if refusal:
            return refusal
        parts = request.path.strip("/").split("/")
        known = [number for number in self.subjects.get(parts[1], []) if self.schemas[number]["schema"] == body["schema"]]
        if parts[-1] == "versions":
            return 200, {"id": known[0] if known else self.add(parts[1], body["schema"])}
        return (200, {"id": known[0]}) if known else (404, {"error_code": 40403, "message": "Schema not found"})

    def add(self, subject, schema, **more):
        number = 100 + len(self.schemas)
        self.schemas[number] = {"schema": schema if isinstance(schema, str) else json.dumps(schema), **more}
        self.subjects.setdefault(subject, []).append(number)
        return number


@pytest.fixture
def registry():
    registry = Registry()
    yield registry
    registry.http.shutdown()
    registry.http.server_close()


def record(*fields):
    return {"type": "record", "name": "Order", "fields": [dict(zip(("name", "type", "default"), field)) for field in fields]}


def settings(registry, subject="orders-value", **more):
    return {"schema.registry.url": registry.url, "schema.registry.subject": subject,
            **{f"schema.registry.{name.replace('_', '.')}": value for name, value in more.items()}}


def failure(action):
    with pytest.raises(PySparkException) as error:
        action()
    return str(error.value).split("\n")[0]


ROWS = [(1, "ada", 1.5), (2, None, -2.0), (3, "Zoë", 0.0)]


def orders(spark):
    return spark.createDataFrame(ROWS, "id INT, who STRING, price DOUBLE")


def test_rows_come_back(spark, registry):
    written = orders(spark).select(to_avro(F.struct("*"), json.dumps(settings(registry))).alias("value"))
    number, = {int.from_bytes(row.value[1:5], "big") for row in written.collect() if row.value[0] == 0}
    assert registry.subjects == {"orders-value": [number]}
    read = written.select(from_avro("value", "", settings(registry)).alias("o")).select("o.*")
    assert sorted(map(tuple, read.collect())) == sorted(ROWS)
    # With a schema in the call the subject is not asked for.
    schema = json.dumps(record(("who", ["string", "null"]), ("more", "int", 7)))
    read = written.select(from_avro("value", schema, {"schema.registry.url": registry.url}).alias("o")).select("o.*")
    assert sorted(read.collect(), key=str) == sorted([(who, 7) for _, who, _ in ROWS], key=str)
    assert registry.requests.count(f"GET /schemas/ids/{number}") == 1


def test_values_of_several_writers_are_read_by_one_schema(spark, registry):
    old, new = record(("id", "int")), record(("id", "long"), ("note", "string", "none"))
    frames = [orders(spark).select(to_avro(F.struct("id"), json.dumps({**settings(registry), "schema": old})).alias("value")),
              spark.range(5, 7).select(to_avro(F.struct("id", F.lit("x").alias("note")),
                                               json.dumps({**settings(registry), "schema": new})).alias("value"))]
    both = frames[0].unionAll(frames[1])
    both.collect()
    assert [registry.schemas[number]["schema"] for number in registry.subjects["orders-value"]]
    registry.add("orders-value", new)
    read = both.select(from_avro("value", "", settings(registry)).alias("o")).select("o.*")
    assert sorted(map(tuple, read.collect())) == [(1, "none"), (2, "none"), (3, "none"), (5, "x"), (6, "x")]


def test_a_stream_reads_and_writes(spark, registry, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.json").write_text("\n".join(json.dumps({"id": row[0], "who": row[1], "price": row[2]}) for row in ROWS))
    stream = spark.readStream.schema("id INT, who STRING, price DOUBLE").json(str(tmp_path / "in"))
    encoded = stream.select(to_avro(F.struct("*"), json.dumps(settings(registry, "stream-value"))).alias("value"))
    encoded.writeStream.format("parquet").option("checkpointLocation", str(tmp_path / "c1")).trigger(availableNow=True).start(
        str(tmp_path / "out")).awaitTermination()
    decoded = spark.readStream.schema("value BINARY").parquet(str(tmp_path / "out")).select(
        from_avro("value", "", settings(registry, "stream-value")).alias("o")).select("o.*")
    decoded.writeStream.format("memory").queryName("registry_rows").trigger(availableNow=True).start().awaitTermination()
    assert sorted(map(tuple, spark.table("registry_rows").collect())) == sorted(ROWS)


def test_a_registry_in_trouble_is_asked_again(spark, registry):
    number = registry.add("orders-value", record(("id", "int")))
    data = spark.createDataFrame([(b"\0" + number.to_bytes(4, "big") + b"\x0e",)], "value BINARY")
    read = data.select(from_avro("value", json.dumps(record(("id", "int"))), settings(registry)).alias("o"))
    registry.trouble = [(503, {"message": "busy"}), (429, {}), (500, b"no JSON")]
    assert read.collect()[0].o.id == 7


def test_failures_name_the_registry_and_the_schema(spark, registry):
    def read(options, value=b"\0\0\0\0\x09\x0e", schema=json.dumps(record(("id", "int")))):
        frame = spark.createDataFrame([(value,)], "value BINARY").select(from_avro("value", schema, options).alias("o"))
        return frame.collect()

    message = failure(lambda: read(settings(registry)))
    assert registry.host in message and "9" in message
    assert read({**settings(registry), "mode": "PERMISSIVE"})[0].o.id is None
    assert read({**settings(registry), "mode": "PERMISSIVE"}, b"\x01\0\0\0\x09\x0e")[0].o.id is None
    assert "Malformed records" in failure(lambda: read(settings(registry), b"\x01\0\0\0\x09\x0e"))
    assert "Malformed records" in failure(lambda: read(settings(registry), b"\0\0\0"))
    message = failure(lambda: read(settings(registry, "nobody"), schema=""))
    assert registry.host in message and "'nobody'" in message
    start = time.monotonic()
    down = {"schema.registry.url": "http://127.0.0.1:9", "schema.registry.timeout.ms": "700"}
    message = failure(lambda: read({**down, "mode": "PERMISSIVE"}))
    assert "127.0.0.1:9" in message and "id 9" in message and "700 ms" in message
    assert 0.3 < time.monotonic() - start < 10
    message = failure(lambda: read({"schema.registry.url": f"http://127.0.0.1:9,{registry.url}"}))
    assert registry.host in message or "127.0.0.1:9" in message


def test_answers_that_are_refused(spark, registry):
    value = spark.createDataFrame([(b"\0\0\0\0\x09\x0e",)], "value BINARY")
    read = value.select(from_avro("value", json.dumps(record(("id", "int"))), settings(registry)).alias("o"))
    registry.trouble = [(302, {})]
    assert "HTTP 302" in failure(read.collect)
    registry.trouble = [(200, b"x" * (5 << 20))]
    assert "4 MB" in failure(read.collect)
    registry.trouble = [(404, b"<html>nothing here</html>")]
    permissive = value.select(from_avro("value", '"int"', {**settings(registry), "mode": "PERMISSIVE"}))
    assert "HTTP 404" in failure(permissive.collect)  # the address is wrong: no reason to take values for malformed
    registry.trouble = [(200, b"no JSON")]
    assert "gave no schema" in failure(read.collect)
    registry.schemas[9] = {"schema": "{}", "schemaType": "PROTOBUF"}
    assert "PROTOBUF" in failure(read.collect)
    registry.schemas[9] = {"schema": "\"int\"", "references": [{"name": "x", "subject": "y", "version": 1}]}
    assert "references" in failure(read.collect)


def test_what_is_written_may_have_to_be_known(spark, registry):
    def write(**more):
        return orders(spark).select(to_avro(F.struct("id"), json.dumps({**settings(registry), **more})).alias("value")).collect()

    unknown = {"schema.registry.auto.register.schemas": False}
    message = failure(lambda: write(**unknown))
    assert registry.host in message and "'orders-value'" in message and not registry.subjects
    number = registry.add("orders-value", record(("id", ["null", "int"]), ("extra", ["null", "string"])))
    rows = write(**{"schema.registry.use.latest.version": True})
    header = b"\0" + number.to_bytes(4, "big")
    assert sorted(row.value for row in rows) == [header + b"\x02" + bytes([2 * key]) + b"\0" for key in (1, 2, 3)]
    frame = orders(spark).select(to_avro(F.struct("id"), json.dumps(settings(registry))))
    before = len(registry.requests)
    assert frame.schema.simpleString() and len(registry.requests) == before  # nothing is registered for a schema's sake


def test_credentials_are_used_and_never_shown(spark, server):
    registry = Registry(f"ann:{SECRET}")
    options = {**settings(registry), "schema.registry.basic.auth.user.info": f"ann:{SECRET}"}
    written = orders(spark).select(to_avro(F.struct("*"), json.dumps(options)))
    shown = [str(written.columns)]
    written = written.toDF("value")
    assert written.count() == len(ROWS)
    read = written.select(from_avro("value", "", options))
    shown.append(str(read.columns))
    assert len(read.collect()) == len(ROWS)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        written.explain(True)
        read.explain(True)
        read.printSchema()
    shown.append(output.getvalue())
    wrong = {**options, "schema.registry.basic.auth.user.info": f"bob:{SECRET}"}
    shown.append(failure(lambda: written.select(from_avro("value", "", wrong)).collect()))
    assert "HTTP 401" in shown[-1]
    shown.append(failure(lambda: written.select(from_avro("value", '"int"', {**options, "mode": "DROPMALFORMED"})).collect()))
    shown.append(failure(lambda: written.select(from_avro("value", '"int"', options)).filter("nope = 1").collect()))
    spark.conf.set("spark.sluice.schema.registry.basic.auth.user.info", f"ann:{SECRET}")
    spark.conf.set("spark.sluice.schema.registry.url", registry.url)
    read = written.select(from_avro("value", "", {"schema.registry.subject": "orders-value"}).alias("o")).select("o.*")
    assert sorted(map(tuple, read.collect())) == sorted(ROWS)
    shown.append(str(spark.sql("SET").collect()))
    shown.append(server.log())
    assert not [text for text in shown if SECRET in text]
    for key in ("basic.auth.user.info", "url"):
        spark.conf.unset(f"spark.sluice.schema.registry.{key}")


@pytest.mark.parametrize("options,condition", [
    ({"schema.registry.url": "ftp://host"}, "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE"),
    ({"schema.registry.url": f"http://ann:{SECRET}@host"}, "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE"),
    ({"schema.registry.subject": "s"}, "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE"),
    ({"schema.registry.url": "http://h", "schema.registry.timeout.ms": "soon"}, "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE"),
    ({"schema.registry.url": "http://h", "schema.registry.wibble": "1"}, "UNSUPPORTED_FEATURE.NOT_IN_SLUICE"),
    ({"schema.registry.url": "http://h"}, "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE")])
def test_settings_that_are_refused(spark, options, condition):
    data = spark.createDataFrame([(b"",)], "value BINARY")
    for column in (from_avro("value", "", options), to_avro(F.struct("value"), json.dumps(options))):
        with pytest.raises(PySparkException) as error:
            data.select(column).collect()
        assert error.value.getCondition() == condition and SECRET not in str(error.value)
