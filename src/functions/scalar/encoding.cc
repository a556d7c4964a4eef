// Bytes as text and back: base64, hex, character sets, UTF-8 checks.
#include <fmt/format.h>

#include <array>

#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using logical::EvalContext;
using types::Binary;
using types::Boolean;
using types::Long;
using types::String;
using types::TypePtr;

namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void ToBase64(TextWriter& out, std::string_view bytes) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  size_t i = 0;
  for (; i + 2 < bytes.size(); i += 3) {
    uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    char* at = out.Claim(4);
    for (int shift = 18, k = 0; shift >= 0; shift -= 6, ++k) at[k] = kBase64[(group >> shift) & 63];
  }
  size_t left = bytes.size() - i;
  if (left == 0) return;
  uint32_t group = byte(i) << 16 | (left == 2 ? byte(i + 1) << 8 : 0);
  char* at = out.Claim(4);
  at[0] = kBase64[group >> 18];
  at[1] = kBase64[(group >> 12) & 63];
  at[2] = left == 2 ? kBase64[(group >> 6) & 63] : '=';
  at[3] = '=';
}

constexpr std::array<int8_t, 256> MakeBase64Values() {
  std::array<int8_t, 256> out{};
  for (auto& value : out) value = -1;
  for (int i = 0; i < 64; ++i) out[static_cast<unsigned char>(kBase64[i])] = static_cast<int8_t>(i);
  return out;
}
constexpr auto kBase64Values = MakeBase64Values();

/// Java's MIME decoder: characters outside the alphabet are skipped, '=' ends the text.
void FromBase64(TextWriter& out, std::string_view text) {
  uint32_t group = 0;
  int count = 0;
  for (char c : text) {
    if (c == '=') break;
    int8_t value = kBase64Values[static_cast<unsigned char>(c)];
    if (value < 0) continue;
    group = group << 6 | static_cast<uint32_t>(value);
    if (++count == 4) {
      out.Append(static_cast<char>(group >> 16));
      out.Append(static_cast<char>(group >> 8));
      out.Append(static_cast<char>(group));
      group = 0;
      count = 0;
    }
  }
  if (count == 3) {
    out.Append(static_cast<char>(group >> 10));
    out.Append(static_cast<char>(group >> 2));
  } else if (count == 2) {
    out.Append(static_cast<char>(group >> 4));
  } else if (count == 1) {
    throw base::Error::Plain(base::ErrorKind::kIllegalArgument, "Last unit does not have enough valid bits");
  }
}

constexpr char kHexDigits[] = "0123456789ABCDEF";

void BytesToHex(TextWriter& out, std::string_view bytes) {
  char* at = out.Claim(bytes.size() * 2);
  for (char c : bytes) {
    *at++ = kHexDigits[static_cast<unsigned char>(c) >> 4];
    *at++ = kHexDigits[static_cast<unsigned char>(c) & 15];
  }
}

void LongToHex(TextWriter& out, int64_t value) { out.Append(fmt::format("{:X}", static_cast<uint64_t>(value))); }

logical::ScalarBindingPtr BindHex(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  auto types = Coerce(context, arguments, {Expected::OneOf({Long(), Binary(), String()})});
  auto kernel = types[0]->Is(types::TypeId::kLong) ? RowKernel<Text(int64_t)>(String(), LongToHex)
                                                   : RowKernel<Text(std::string_view)>(String(), BytesToHex);
  return NewBinding(context, arguments, String(), types, kernel);
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// False for a character that is no hex digit. An odd number of digits stands for a leading zero.
bool AppendUnhex(TextWriter& out, std::string_view text) {
  size_t i = 0;
  if (text.size() % 2 == 1) {
    int value = HexValue(text[0]);
    if (value < 0) return false;
    out.Append(static_cast<char>(value));
    i = 1;
  }
  for (; i < text.size(); i += 2) {
    int high = HexValue(text[i]), low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return false;
    out.Append(static_cast<char>(high << 4 | low));
  }
  return true;
}

base::Error InvalidConversion(std::string_view text, const char* format) {
  return base::Error(base::ErrorKind::kIllegalArgument, "CONVERSION_INVALID_INPUT",
                     {{"str", fmt::format("'{}'", text)},
                      {"fmt", fmt::format("'{}'", format)},
                      {"targetType", "\"BINARY\""},
                      {"suggestion", "`try_to_binary`"}});
}

/// unhex gives null for a bad text.
logical::ScalarBindingPtr BindUnhex(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  auto types = Coerce(context, arguments, {String()});
  auto kernel = RowKernel<Text(std::string_view)>(
      Binary(), [](TextWriter& out, std::string_view text) { return AppendUnhex(out, text); });
  return NewBinding(context, arguments, Binary(), types, kernel, Nulls::kAlways);
}

/// True if the text is what Java's strict base64 check of to_binary takes.
bool IsValidBase64(std::string_view text) {
  size_t count = 0, padding = 0;
  for (char c : text) {
    if (c == '\r' || c == '\n' || c == ' ' || c == '\t') continue;
    if (c == '=') {
      ++padding;
    } else if (kBase64Values[static_cast<unsigned char>(c)] < 0 || padding > 0) {
      return false;
    } else {
      ++count;
    }
  }
  return padding == 0 ? count % 4 != 1 : (count + padding) % 4 == 0 && padding <= 2;
}

enum class BinaryFormat { kHex, kUtf8, kBase64 };

logical::ScalarBindingPtr BindToBinary(bool is_try, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  auto types = Coerce(context, arguments, {String()});
  BinaryFormat format = BinaryFormat::kHex;
  if (arguments.size() == 2) {
    if (!arguments[1].literal) {
      throw TypeMismatch(
          context, arguments, "NON_FOLDABLE_INPUT",
          {{"inputName", "`fmt`"}, {"inputType", "\"STRING\""}, {"inputExpr", QuotedSql(arguments[1].sql)}});
    }
    std::string name = arguments[1].literal->is_null() ? "" : StringLiteral(arguments[1]);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (name == "utf-8" || name == "utf8") {
      format = BinaryFormat::kUtf8;
    } else if (name == "base64") {
      format = BinaryFormat::kBase64;
    } else if (name != "hex" && !arguments[1].literal->is_null()) {
      throw TypeMismatch(context, arguments, "INVALID_ARG_VALUE",
                         {{"inputName", "fmt"},
                          {"requireType", "case-insensitive \"STRING\""},
                          {"validValues", "'hex', 'utf-8', 'utf8', or 'base64'"},
                          {"inputValue", fmt::format("'{}'", StringLiteral(arguments[1]))}});
    }
  }
  auto kernel = RowKernel<Text(std::string_view)>(Binary(), [format, is_try](TextWriter& out, std::string_view text) {
    if (format == BinaryFormat::kUtf8) {
      out.Append(text);
      return true;
    }
    bool good = format == BinaryFormat::kHex ? AppendUnhex(out, text) : IsValidBase64(text);
    if (good && format == BinaryFormat::kBase64) FromBase64(out, text);
    if (!good && !is_try) throw InvalidConversion(text, format == BinaryFormat::kHex ? "HEX" : "BASE64");
    return good;
  });
  auto first = [kernel](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    return kernel(eval, {values[0]}, rows);
  };
  return NewBinding(context, arguments, Binary(), types, first, is_try ? Nulls::kAlways : Nulls::kPropagate);
}

enum class Charset { kUtf8, kAscii, kLatin1, kUtf16, kUtf16Be, kUtf16Le, kUtf32 };

Charset FindCharset(std::string_view name, const char* function) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (upper == "UTF-8") return Charset::kUtf8;
  if (upper == "US-ASCII") return Charset::kAscii;
  if (upper == "ISO-8859-1") return Charset::kLatin1;
  if (upper == "UTF-16") return Charset::kUtf16;
  if (upper == "UTF-16BE") return Charset::kUtf16Be;
  if (upper == "UTF-16LE") return Charset::kUtf16Le;
  if (upper == "UTF-32") return Charset::kUtf32;
  throw base::Error(base::ErrorKind::kIllegalArgument, "INVALID_PARAMETER_VALUE.CHARSET",
                    {{"functionName", fmt::format("`{}`", function)},
                     {"parameter", "`charset`"},
                     {"charset", std::string(name)},
                     {"charsets", "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8"}});
}

base::Error Unmappable(const char* function, std::string_view charset) {
  return base::Error(base::ErrorKind::kIllegalArgument, "MALFORMED_CHARACTER_CODING",
                     {{"function", fmt::format("`{}`", function)}, {"charset", std::string(charset)}});
}

void AppendUnit(TextWriter& out, uint32_t unit, bool little) {
  out.Append(static_cast<char>(little ? unit : unit >> 8));
  out.Append(static_cast<char>(little ? unit >> 8 : unit));
}

void Encode(TextWriter& out, std::string_view text, std::string_view name) {
  Charset charset = FindCharset(name, "encode");
  if (charset == Charset::kUtf8) return out.Append(text);
  bool little = charset == Charset::kUtf16Le;
  if (charset == Charset::kUtf16 && !text.empty()) AppendUnit(out, 0xFEFF, false);
  for (size_t at = 0; at < text.size();) {
    uint32_t c = NextCodePoint(text, &at);
    switch (charset) {
      case Charset::kAscii:
      case Charset::kLatin1:
        if (c > (charset == Charset::kAscii ? 0x7fu : 0xffu)) throw Unmappable("encode", name);
        out.Append(static_cast<char>(c));
        break;
      case Charset::kUtf32:
        for (int shift = 24; shift >= 0; shift -= 8) out.Append(static_cast<char>(c >> shift));
        break;
      default:
        if (c < 0x10000) {
          AppendUnit(out, c, little);
        } else {
          AppendUnit(out, 0xD800 + ((c - 0x10000) >> 10), little);
          AppendUnit(out, 0xDC00 + ((c - 0x10000) & 0x3ff), little);
        }
    }
  }
}

void AppendCode(TextWriter& out, uint32_t c) {
  char bytes[4];
  out.Append(std::string_view(bytes, EncodeCodePoint(c, bytes)));
}

void DecodeUtf16(TextWriter& out, std::string_view bytes, std::string_view name, bool little, bool mark) {
  auto unit = [&](size_t i) -> uint32_t {
    auto first = static_cast<unsigned char>(bytes[i]), second = static_cast<unsigned char>(bytes[i + 1]);
    return little ? second << 8 | first : first << 8 | second;
  };
  size_t i = 0;
  if (mark && bytes.size() >= 2) {
    if (unit(0) == 0xFFFE) little = true;
    if (unit(0) == 0xFEFF) i = 2;
  }
  for (; i + 1 < bytes.size(); i += 2) {
    uint32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < bytes.size()) {
      uint32_t low = unit(i + 2);
      if (low < 0xDC00 || low > 0xDFFF) throw Unmappable("decode", name);
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
      i += 2;
    }
    AppendCode(out, c);
  }
  if (i < bytes.size()) throw Unmappable("decode", name);
}

void Decode(TextWriter& out, std::string_view bytes, std::string_view name) {
  switch (FindCharset(name, "decode")) {
    case Charset::kUtf8:
      if (!IsValidUtf8(bytes)) throw Unmappable("decode", name);
      return out.Append(bytes);
    case Charset::kAscii:
      if (!IsAscii(bytes)) throw Unmappable("decode", name);
      return out.Append(bytes);
    case Charset::kLatin1:
      for (char c : bytes) AppendCode(out, static_cast<unsigned char>(c));
      return;
    case Charset::kUtf16:
      return DecodeUtf16(out, bytes, name, false, true);
    case Charset::kUtf16Be:
      return DecodeUtf16(out, bytes, name, false, false);
    case Charset::kUtf16Le:
      return DecodeUtf16(out, bytes, name, true, false);
    case Charset::kUtf32:
      if (bytes.size() % 4 != 0) throw Unmappable("decode", name);
      for (size_t i = 0; i < bytes.size(); i += 4) {
        uint32_t c = 0;
        for (size_t k = 0; k < 4; ++k) c = c << 8 | static_cast<unsigned char>(bytes[i + k]);
        AppendCode(out, c);
      }
  }
}

BindScalar Utf8Test() {
  return Simple({.parameters = {String()},
                 .type = Boolean(),
                 .kernel = RowKernel<bool(std::string_view)>(Boolean(), IsValidUtf8)});
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Base64) {
  registry.Add({.name = "base64",
                .usage = "A binary as base64 text.",
                .example = "SELECT base64('Spark SQL')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {Binary()},
                                .type = String(),
                                .kernel = RowKernel<Text(std::string_view)>(String(), ToBase64)})});
  registry.Add({.name = "unbase64",
                .usage = "The bytes of a base64 text.",
                .example = "SELECT unbase64('U3BhcmsgU1FM')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {String()},
                                .type = Binary(),
                                .kernel = RowKernel<Text(std::string_view)>(Binary(), FromBase64)})});
}

SLUICE_REGISTER(FunctionRegistry, Hex) {
  registry.Add({.name = "hex",
                .usage = "A number or bytes in hexadecimal digits.",
                .example = "SELECT hex(17)",
                .since = "1.5.0",
                .bind = BindScalar(BindHex)});
  registry.Add({.name = "unhex",
                .usage = "The bytes of a hexadecimal text.",
                .example = "SELECT decode(unhex('537061726B2053514C'), 'UTF-8')",
                .since = "1.5.0",
                .bind = BindScalar(BindUnhex)});
}

SLUICE_REGISTER(FunctionRegistry, ToBinary) {
  registry.Add({.name = "to_binary",
                .usage = "A text as bytes by a format: hex, utf-8 or base64.",
                .example = "SELECT to_binary('abc', 'utf-8')",
                .since = "3.3.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindToBinary(false, context, arguments);
                })});
  registry.Add({.name = "try_to_binary",
                .usage = "Like to_binary, but null for a malformed text.",
                .example = "SELECT try_to_binary('abc', 'utf-8')",
                .since = "3.3.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindToBinary(true, context, arguments);
                })});
}

SLUICE_REGISTER(FunctionRegistry, Charsets) {
  registry.Add({.name = "encode",
                .usage = "A text as bytes of a character set.",
                .example = "SELECT encode('abc', 'utf-8')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {String(), String()},
                                .type = Binary(),
                                .kernel = RowKernel<Text(std::string_view, std::string_view)>(Binary(), Encode)})});
  registry.Add({.name = "decode",
                .usage = "Bytes of a character set as text.",
                .example = "SELECT decode(encode('abc', 'utf-8'), 'utf-8')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {Binary(), String()},
                                .type = String(),
                                .kernel = RowKernel<Text(std::string_view, std::string_view)>(String(), Decode)})});
}

SLUICE_REGISTER(FunctionRegistry, Utf8Checks) {
  registry.Add({.name = "is_valid_utf8",
                .usage = "True if the text is well-formed UTF-8.",
                .example = "SELECT is_valid_utf8('Spark')",
                .since = "4.0.0",
                .bind = Utf8Test()});
  registry.Add({.name = "make_valid_utf8",
                .usage = "The text with ill-formed bytes replaced by U+FFFD.",
                .example = "SELECT make_valid_utf8('Spark')",
                .since = "4.0.0",
                .bind = Simple(
                    {.parameters = {String()},
                     .type = String(),
                     .kernel = RowKernel<Text(std::string_view)>(String(), [](TextWriter& out, std::string_view text) {
                       out.Append(IsValidUtf8(text) ? std::string(text) : MakeValidUtf8(text));
                     })})});
  registry.Add({.name = "validate_utf8",
                .usage = "The text; an error if it is not well-formed UTF-8.",
                .example = "SELECT validate_utf8('Spark')",
                .since = "4.0.0",
                .bind = Simple(
                    {.parameters = {String()},
                     .type = String(),
                     .kernel = RowKernel<Text(std::string_view)>(String(), [](TextWriter& out, std::string_view text) {
                       if (!IsValidUtf8(text)) {
                         std::string hex;
                         for (char c : text) hex += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
                         throw base::Error(base::ErrorKind::kIllegalArgument, "INVALID_UTF8_STRING", {{"str", hex}});
                       }
                       out.Append(text);
                     })})});
  registry.Add({.name = "try_validate_utf8",
                .usage = "The text; null if it is not well-formed UTF-8.",
                .example = "SELECT try_validate_utf8('Spark')",
                .since = "4.0.0",
                .bind = Simple({.parameters = {String()},
                                .type = String(),
                                .kernel = RowKernel<Text(std::string_view)>(String(),
                                                                            [](TextWriter& out, std::string_view text) {
                                                                              out.Append(text);
                                                                              return IsValidUtf8(text);
                                                                            }),
                                .nulls = Nulls::kAlways})});
}

}  // namespace sluice::functions
