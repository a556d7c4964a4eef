"""Checks that a folder of src/ includes only itself and the folders it builds on, and that each file says what it is for.

    check_layers.py [FILE...]      without arguments: all sources

The folders and what each builds on are those of cmake/layers.cmake.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = re.compile(r"^sluice_add_library\(([\w/]+)([^)]*)\)", re.M)
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)
LONGEST = 700  # lines; past about 600 a file is split by concept


def layers():
    """What each folder may include: itself, the folders of its DEPS, and what those may include."""
    allowed = {}
    for name, arguments in LIBRARY.findall((ROOT / "cmake" / "layers.cmake").read_text(encoding="utf-8")):
        words = arguments.split()
        needed = words[words.index("DEPS") + 1:] if "DEPS" in words else []
        allowed[name] = {name}
        for word in needed:
            if word.isupper():
                break
            allowed[name] |= allowed.get(word, set())  # a library that is no folder, such as the protocol, adds none
    return allowed


LAYERS = layers()


def layer(path):
    """The layer of a path relative to src/, or None for a header that isn't ours."""
    for name in sorted(LAYERS, key=len, reverse=True):
        if path.startswith(name + "/"):
            return name
    return None


def problems(file):
    relative = file.relative_to(ROOT / "src").as_posix()
    here = layer(relative)
    if here is None:
        return [f"src/{relative}: no layer; add its folder to cmake/layers.cmake"]
    text = file.read_text(encoding="utf-8")
    found = []
    if not text.startswith("// "):
        found.append(f"src/{relative}:1: the first line must be a comment that says what the file is for")
    lines = text.count("\n")
    if lines > LONGEST:
        found.append(f"src/{relative}: {lines} lines, more than {LONGEST}; split it by concept")
    for match in INCLUDE.finditer(text):
        other = layer(match[1])
        number = text.count("\n", 0, match.start()) + 1
        if other is None:
            if (ROOT / "src" / match[1]).exists():
                found.append(f"src/{relative}:{number}: {match[1]} is in no layer")
        elif other not in LAYERS[here]:
            found.append(f"src/{relative}:{number}: {here} may not include {other} ({match[1]})")
    namespace = "namespace sluice::" + relative.split("/")[0]
    if file.suffix == ".h" and "namespace sluice" in text and namespace not in text:
        found.append(f"src/{relative}: declares nothing in {namespace[10:]}")
    return found


def main():
    named = [Path(name).resolve() for name in sys.argv[1:]]
    files = named or sorted([*(ROOT / "src").rglob("*.h"), *(ROOT / "src").rglob("*.cc")])
    found = [problem for file in files if file.is_relative_to(ROOT / "src") for problem in problems(file)]
    print("\n".join(found) if found else f"layers: {len(files)} files in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
