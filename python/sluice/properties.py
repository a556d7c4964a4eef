"""Java properties files, the format of spark-defaults.conf."""
import re

_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def read_properties(path):
    """The keys and values of the file, in its order; a later entry replaces an earlier one."""
    with open(path, encoding="utf-8") as file:
        return parse_properties(file.read())


def parse_properties(text):
    settings = {}
    for line in _logical_lines(text):
        # the key ends at the first separator that no backslash precedes
        match = re.match(r"((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)", line, re.S)
        key, value = _unescape(match[1]), _unescape(match[2]).rstrip()
        if key:
            settings[key] = value
    return settings


def _logical_lines(text):
    """Lines without comments, joined where one ends with an odd number of backslashes."""
    pending = ""
    for line in text.splitlines():
        line = line.lstrip()
        if not pending and line.startswith(("#", "!")):
            continue
        backslashes = len(line) - len(line.rstrip("\\"))
        if backslashes % 2:
            pending += line[:-1]
            continue
        if pending + line:
            yield pending + line
        pending = ""
    if pending:
        yield pending


def _unescape(text):
    def replace(match):
        if match[1]:
            return chr(int(match[1], 16))
        return _ESCAPES.get(match[2], match[2])

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", replace, text, flags=re.S)
