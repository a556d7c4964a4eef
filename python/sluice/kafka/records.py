"""Records as text: how `produce` reads them from lines and `consume` prints them."""
import base64
import json
import struct
import uuid
from dataclasses import dataclass, field

from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME, TIMESTAMP_NOT_AVAILABLE

from sluice.kafka.failure import Failure

_TIMESTAMP_TYPES = {TIMESTAMP_CREATE_TIME: "CreateTime", TIMESTAMP_LOG_APPEND_TIME: "LogAppendTime"}
# The formats of Java's serializers, by the beginning of their names.
_NUMBERS = {"Short": ">h", "Integer": ">i", "Long": ">q", "Float": ">f", "Double": ">d"}


class LineFormat:
    """How a line holds a record; the properties and their defaults are those of Kafka's LineMessageReader."""

    PROPERTIES = {"parse.key": "false", "parse.headers": "false", "key.separator": "\t", "headers.delimiter": "\t",
                  "headers.separator": ",", "headers.key.separator": ":", "null.marker": None, "ignore.error": "false"}

    def __init__(self, properties):
        for name in properties:
            if name not in self.PROPERTIES:
                raise Failure(f"the reader has no property '{name}'; it has {', '.join(self.PROPERTIES)}")
        settings = {name: None if text is None else text.encode() for name, text in {**self.PROPERTIES, **properties}.items()}
        self._key, self._headers, self._lenient = (_is_true(settings[name]) for name in
                                                   ("parse.key", "parse.headers", "ignore.error"))
        self._key_separator, self._headers_delimiter, self._headers_separator, self._header_separator, self._null = (
            settings[name] for name in ("key.separator", "headers.delimiter", "headers.separator", "headers.key.separator",
                                        "null.marker"))

    def record(self, line, number):
        """(key, value, headers) of a line without its end."""
        headers = key = None
        if self._headers:
            text, line = self._split(line, self._headers_delimiter, "headers delimiter", number)
            headers = [self._header(part, number) for part in text.split(self._headers_separator)] if text else []
        if self._key:
            key, line = self._split(line, self._key_separator, "key separator", number)
        return self._or_null(key), self._or_null(line), headers

    def _split(self, line, separator, what, number):
        before, found, after = line.partition(separator)
        if found:
            return before, after
        if self._lenient:
            return None, line
        raise Failure(f"no {what} in line {number}")

    def _header(self, text, number):
        name, value = self._split(text, self._header_separator, "separator of a header's name", number)
        return (text if name is None else name).decode(), None if name is None else self._or_null(value)

    def _or_null(self, text):
        return None if text is not None and text == self._null else text


def _is_true(value):
    return value.strip().lower() == b"true"


def record_of_json(line, number):
    """(key, value, headers) of a line that `consume --format json` printed."""
    try:
        fields = json.loads(line)
        return (_bytes(fields.get("key")), _bytes(fields.get("value")),
                [(name, _bytes(value)) for name, value in fields.get("headers") or []])
    except (ValueError, TypeError, AttributeError):
        raise Failure(f"line {number} is not a record as `consume --format json` prints it") from None


def _bytes(field_value):
    if isinstance(field_value, dict) and set(field_value) == {"base64"}:
        return base64.b64decode(field_value["base64"])
    if field_value is None or isinstance(field_value, str):
        return None if field_value is None else field_value.encode()
    return json.dumps(field_value, ensure_ascii=False).encode()


@dataclass
class TextFormat:
    """A record as Kafka's DefaultMessageFormatter prints it, with its properties and defaults."""

    printed: set = field(default_factory=lambda: {"value"})
    key_separator: bytes = b"\t"
    line_separator: bytes = b"\n"
    headers_separator: bytes = b","
    null: bytes = b"null"
    deserializers: dict = field(default_factory=dict)

    FIELDS = ("timestamp", "partition", "offset", "headers", "key", "value")

    def set_property(self, name, value):
        """Sets a formatter property of Kafka's; a Failure if there is none of that name."""
        attribute = {"key.separator": "key_separator", "line.separator": "line_separator",
                     "headers.separator": "headers_separator", "null.literal": "null"}.get(name)
        part, _, what = name.partition(".")
        if attribute:
            setattr(self, attribute, value.encode())
        elif part == "print" and what in self.FIELDS:
            (self.printed.add if value.strip().lower() == "true" else self.printed.discard)(what)
        elif what == "deserializer" and part in ("key", "value", "headers"):
            self.deserializers[part] = deserializer(value)
        else:
            raise Failure(f"the formatter has no property '{name}'; it has print.*, key.separator, line.separator, "
                          "headers.separator, null.literal, and key., value. and headers.deserializer")

    def __call__(self, message):
        parts = [getattr(self, f"_{name}")(message) for name in self.FIELDS if name in self.printed]
        return self.key_separator.join(parts) + self.line_separator

    def _timestamp(self, message):
        kind, milliseconds = message.timestamp()
        return b"NO_TIMESTAMP" if kind == TIMESTAMP_NOT_AVAILABLE else f"{_TIMESTAMP_TYPES[kind]}:{milliseconds}".encode()

    def _partition(self, message):
        return b"Partition:%d" % message.partition()

    def _offset(self, message):
        return b"Offset:%d" % message.offset()

    def _headers(self, message):
        headers = message.headers()
        if not headers:
            return b"NO_HEADERS"
        return self.headers_separator.join(name.encode() + b":" + self._text("headers", value) for name, value in headers)

    def _key(self, message):
        return self._text("key", message.key())

    def _value(self, message):
        return self._text("value", message.value())

    def _text(self, part, data):
        if data is None:
            return self.null
        return self.deserializers[part](data) if part in self.deserializers else data


def deserializer(name):
    """The function for a class name of Java's such as LongDeserializer: bytes to printed bytes."""
    kind = name.rpartition(".")[2].removesuffix("Deserializer")
    if kind in ("String", "ByteArray", "Bytes"):
        return bytes
    if kind == "UUID":
        return lambda data: str(uuid.UUID(data.decode())).encode()
    if kind not in _NUMBERS:
        raise Failure(f"there is no deserializer '{name}'; there are String, ByteArray, UUID, {', '.join(_NUMBERS)}")

    def number(data):
        if len(data) != struct.calcsize(_NUMBERS[kind]):
            raise Failure(f"{len(data)} bytes are no {kind}")
        return str(struct.unpack(_NUMBERS[kind], data)[0]).encode()

    return number


class JsonFormat:
    """A record as a JSON object: in a line, or `pretty`, on several with the JSON of keys and values as such."""

    def __init__(self, pretty):
        self._pretty = pretty

    def __call__(self, message):
        kind, milliseconds = message.timestamp()
        fields = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset(),
                  "timestamp": milliseconds if kind in _TIMESTAMP_TYPES else None, "timestampType": _TIMESTAMP_TYPES.get(kind),
                  "headers": [[name, self._field(value)] for name, value in message.headers() or []],
                  "key": self._field(message.key()), "value": self._field(message.value())}
        return json.dumps(fields, ensure_ascii=False, indent=2 if self._pretty else None).encode() + b"\n"

    def _field(self, data):
        if data is None:
            return None
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(data).decode()}
        if self._pretty and text[:1] in ("{", "["):
            try:
                return json.loads(text)
            except ValueError:
                pass
        return text
