#!/usr/bin/env python3
"""Writes src/base/conf_keys.inc: all configuration keys of Spark as a real Spark's Connect server answers for them.

Needs tests/services/spark.sh start. The names are those that occur in Spark's class files; the server tells of each
what it holds, who may change it, and what a wrong value is answered with."""
import argparse
import glob
import os
import re
import uuid
import zipfile
from pathlib import Path

import grpc
from pyspark.sql.connect.proto import base_pb2 as messages
from pyspark.sql.connect.proto.base_pb2_grpc import SparkConnectServiceStub

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src" / "base" / "conf_keys.inc"
HOME = os.path.expanduser("~/.cache/spark/venv-4.2.0/lib/python3*/site-packages/pyspark")
HEADER = """\
// Recorded from Spark 4.2 by tools/record_conf_keys.py, sorted by name; see ConfKey and KnownKey:
// {{name, default, type, scope, choices, requirement}, unit, minimum, warning}
"""
# What differs here: no JVM whose call sites could be shown, and what depends on the start of the program.
OWN_DEFAULTS = {
    "spark.connect.grpc.binding.address": None,
    "spark.connect.grpc.binding.port": "15002",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.warehouse.dir": "spark-warehouse",
}
# Spark's name of a type -> ours, and the name once more where ours has more than one.
TYPES = {"boolean": ("Boolean", ""), "int": ("Int", ""), "long": ("Long", ""), "double": ("Double", ""),
         "time in MILLISECONDS": ("Millis", ""), "time in SECONDS": ("Millis", "time in SECONDS"),
         "time in MINUTES": ("Millis", "time in MINUTES"), "bytes in BYTE": ("Bytes", ""), "bytes in MiB": ("Bytes", "bytes in MiB")}
Config = messages.ConfigRequest


def names():
    """Texts of the class files' constants that look like keys."""
    found = set()
    for jar in glob.glob(os.path.join(os.environ.get("SPARK_HOME", HOME), "jars", "spark-*_2.13-*.jar")):
        archive = zipfile.ZipFile(jar)
        for member in archive.namelist():
            if member.endswith(".class"):
                for match in re.finditer(rb"\x01(..)(spark\.[A-Za-z0-9_.\-]+)", archive.read(member), re.S):
                    length = int.from_bytes(match[1], "big")
                    if len(match[2]) >= length:
                        found.add(match[2][:length].decode())
    return sorted(found)


class Server:
    def __init__(self, address):
        self._stub = SparkConnectServiceStub(grpc.insecure_channel(address))

    def ask(self, session, **operation):
        """The answer, or the text of the error."""
        request = Config(session_id=session, operation=Config.Operation(**operation))
        try:
            return self._stub.Config(request)
        except grpc.RpcError as error:
            return error.details()

    def refusal(self, session, key, value):
        answer = self.ask(session, set=Config.Set(pairs=[messages.KeyValue(key=key, value=value)]))
        return answer if isinstance(answer, str) else ""


def observe(server, keys):
    reading, writing = str(uuid.uuid4()), str(uuid.uuid4())
    for key in keys:
        held = server.ask(reading, get=Config.Get(keys=[key]))
        refusals = [server.refusal(writing, key, value) for value in ("\x02bad", "0", "-1")]
        known = not isinstance(held, str)
        pair = held.pairs[0] if known else None
        yield key, known, pair.value if known and pair.HasField("value") else None, list(held.warnings) if known else [], refusals


def entry(key, known, default, warnings, refusals):
    """The fields of one key; nothing if Spark does not know it."""
    wrong, zero, negative = refusals
    core = "[CANNOT_MODIFY_CONFIG]" in wrong
    of_this_run = not wrong and key.startswith(("spark.app.", "spark.hadoop.", "spark.master"))
    if not known and not core or of_this_run:
        return None
    kind, scope, choices, requirement, unit, minimum = "String", "Session", "", "", "", None
    if core:
        scope, default = "Core", None
    elif "[CANNOT_MODIFY_STATIC_CONFIG]" in wrong:
        scope = "Static"
    elif match := re.search(r"It should be a/an '([^']*)' value", wrong):
        kind, unit = TYPES[match[1]]
    elif match := re.search(r"It should be one of '([^']*)'", wrong):
        kind, choices = "Choice", match[1]
    elif "INVALID_CONF_VALUE.TIME_ZONE" in wrong:
        kind = "TimeZone"
    elif match := re.search(r"is invalid\. (.*'.*' and '.*') SQLSTATE", wrong, re.S):
        kind, requirement = "Choice", match[1]
        choices = ", ".join(re.findall(r"'([\w]+)'", requirement))
    if kind not in ("String", "Choice"):
        match = re.search(r"INVALID_CONF_VALUE\.REQUIREMENT\] .* is invalid\. (.*) SQLSTATE", negative, re.S)
        if match:
            requirement, minimum = match[1], 1 if zero and kind != "Double" else 0
    return [key, OWN_DEFAULTS.get(key, default), kind, scope, choices, requirement], [unit, minimum, warnings[0] if warnings else ""]


def text(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def joined(fields, defaults):
    """The fields without those at the end that are the default."""
    while fields and fields[-1] == defaults[len(fields) - 1]:
        fields = fields[:-1]
    return ", ".join(fields)


def line(key, more):
    name, default, kind, scope, choices, requirement = key
    unit, minimum, warning = more
    inner = joined([text(name), "std::nullopt" if default is None else text(default), f"ConfType::k{kind}",
                    f"ConfScope::k{scope}", text(choices), text(requirement)],
                   ["", "std::nullopt", "ConfType::kString", "ConfScope::kSession", '""', '""'])
    outer = joined([text(unit), "std::nullopt" if minimum is None else str(minimum), text(warning)], ['""', "std::nullopt", '""'])
    return "{{" + inner + "}" + (", " + outer if outer else "") + "},\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="localhost:15702", help="host:port of a Spark Connect server")
    entries = [entry(*seen) for seen in observe(Server(parser.parse_args().server), names())]
    TARGET.write_text(HEADER + "".join(line(*fields) for fields in entries if fields))


if __name__ == "__main__":
    main()
