"""Generates the C++ code of the Spark Connect protocol from the descriptors inside the installed client.

    generate_protocol.py --out DIR PROTO...

Every `*_pb2.py` of pyspark-client and googleapis-common-protos holds one serialized FileDescriptorProto, the bytes
literal given to AddSerializedFile; collected, they are the FileDescriptorSet that protoc needs.
"""
import argparse
import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile

CONNECT = "common types expressions catalog ml_common relations ml pipelines commands base example_plugins".split()


def folder(package):
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"{package} is not installed in {sys.executable}; run `make setup`")
    return list(spec.submodule_search_locations)[0]


def descriptor(path):
    """The bytes of the FileDescriptorProto in a generated Python module."""
    with open(path, encoding="utf-8") as f:
        tree = ast.parse(f.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "AddSerializedFile":
            return ast.literal_eval(node.args[0])
    sys.exit(f"{path}: no serialized descriptor found")


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("protos", nargs="+")
    args = parser.parse_args()
    pyspark = folder("pyspark")
    files = [f"{pyspark}/sql/connect/proto/{name}_pb2.py" for name in CONNECT]
    files.append(f"{pyspark}/sql/streaming/proto/StateMessage_pb2.py")
    rpc = folder("google.rpc")
    files += [f"{rpc}/status_pb2.py", f"{rpc}/error_details_pb2.py"]
    os.makedirs(args.out, exist_ok=True)
    protoc = shutil.which("protoc") or sys.exit("protoc is not installed; run `make setup`")
    plugin = shutil.which("grpc_cpp_plugin") or sys.exit("grpc_cpp_plugin is not installed; run `make setup`")
    with tempfile.TemporaryDirectory() as temporary:
        known = f"{temporary}/known.fds"
        subprocess.run([protoc, "-I/usr/include", "--include_imports", f"--descriptor_set_out={known}",
                        "google/protobuf/any.proto", "google/protobuf/timestamp.proto",
                        "google/protobuf/duration.proto"], check=True)
        client = f"{temporary}/client.fds"
        with open(client, "wb") as f:
            for path in files:
                data = descriptor(path)
                f.write(b"\x0a" + varint(len(data)) + data)
        subprocess.run([protoc, f"--descriptor_set_in={known}:{client}", f"--cpp_out={args.out}", *args.protos], check=True)
        subprocess.run([protoc, f"--descriptor_set_in={known}:{client}", f"--grpc_out={args.out}",
                        f"--plugin=protoc-gen-grpc={plugin}", "spark/connect/base.proto"], check=True)


main()
