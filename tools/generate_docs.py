"""Writes docs/functions.md and docs/connectors.md from the registries of the built server.

    generate_docs.py [--check] [--server PROGRAM]     --check: only say whether they are current
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = {"scalar": "Functions of a row", "aggregate": "Aggregates", "generator": "Generators", "window": "Window functions"}


def cell(text):
    return " ".join(text.split()).replace("|", "\\|")


def functions_page(functions):
    lines = ["# Functions", "", f"Generated from the registry: {len(functions)} functions. A name that is not here raises "
             "`UNRESOLVED_ROUTINE`, as in Spark."]
    for kind, title in KINDS.items():
        entries = [entry for entry in functions if entry["kind"] == kind]
        if not entries:
            continue
        lines += ["", f"## {title}", "", "| function | what it does | example |", "|---|---|---|"]
        for entry in entries:
            names = ", ".join(f"`{cell(name)}`" for name in [entry["name"], *entry["aliases"]])
            example = f"`{cell(entry['example'])}`" if entry["example"] else ""
            lines.append(f"| {names} | {cell(entry['usage'])} | {example} |")
    return "\n".join(lines) + "\n"


def connectors_page(connectors):
    lines = ["# Sources and sinks", "", "Generated from the registry. What a format can't do raises Spark's error.", "",
             "| format | read | readStream | write | writeStream | output modes | |", "|---|---|---|---|---|---|---|"]
    for entry in connectors:
        marks = " | ".join("yes" if entry[use] else "" for use in ("read", "readStream", "write", "writeStream"))
        lines.append(f"| `{entry['name']}` | {marks} | {', '.join(entry['outputModes'])} | {cell(entry['usage'])} |")
    for entry in connectors:
        if entry["options"]:
            lines += ["", f"## {entry['name']}", "", "| option | default | meaning |", "|---|---|---|"]
            for option in entry["options"]:
                default = f"`{cell(option['default'])}`" if option["default"] else ""
                lines.append(f"| `{option['name']}` | {default} | {cell(option['description'])} |")
    return "\n".join(lines) + "\n"


def pages(server):
    return {ROOT / "docs" / "functions.md": functions_page(listing(server, "functions")),
            ROOT / "docs" / "connectors.md": connectors_page(listing(server, "connectors"))}


def listing(server, what):
    return json.loads(subprocess.run([server, f"--list-{what}"], check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--server", default=ROOT / "build" / "release" / "sluice-server")
    given = parser.parse_args()
    stale = {path: text for path, text in pages(given.server).items()
             if not path.exists() or path.read_text(encoding="utf-8") != text}
    for path, text in stale.items():
        if given.check:
            print(f"{path.relative_to(ROOT)} is not current; run `make docs`")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if given.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
