// trim, ltrim, rtrim, btrim.
#include <fmt/format.h>

#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using types::String;

namespace {

enum class Side { kBoth, kLeading, kTrailing };

const char* SideName(Side side) {
  if (side == Side::kBoth) return "BOTH";
  return side == Side::kLeading ? "LEADING" : "TRAILING";
}

template <Side kSide>
std::string_view TrimSpaces(std::string_view text) {
  if constexpr (kSide != Side::kTrailing) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  if constexpr (kSide != Side::kLeading) {
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  }
  return text;
}

/// The size of the text's last character.
size_t LastCharSize(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && size < 4 && (static_cast<unsigned char>(text[text.size() - size]) & 0xc0) == 0x80)
    ++size;
  return size;
}

template <Side kSide>
std::string_view TrimChars(std::string_view text, std::string_view chars) {
  auto is_trimmed = [&](std::string_view character) { return chars.find(character) != std::string_view::npos; };
  if (chars.empty()) return text;
  if constexpr (kSide != Side::kTrailing) {
    while (!text.empty()) {
      std::string_view first = text.substr(0, CharSize(text[0]));
      if (!is_trimmed(first)) break;
      text.remove_prefix(first.size());
    }
  }
  if constexpr (kSide != Side::kLeading) {
    while (!text.empty()) {
      size_t size = LastCharSize(text);
      if (!is_trimmed(text.substr(text.size() - size))) break;
      text.remove_suffix(size);
    }
  }
  return text;
}

template <Side kSide>
logical::ScalarKernel TrimKernel(bool chars_first) {
  auto one = RowKernel<Text(std::string_view)>(
      String(), [](TextWriter& out, std::string_view text) { out.Append(TrimSpaces<kSide>(text)); });
  auto two = RowKernel<Text(std::string_view, std::string_view)>(
      String(), [chars_first](TextWriter& out, std::string_view a, std::string_view b) {
        out.Append(chars_first ? TrimChars<kSide>(b, a) : TrimChars<kSide>(a, b));
      });
  return [one, two](logical::EvalContext& context, const std::vector<arrow::Datum>& arguments, int64_t rows) {
    return (arguments.size() == 1 ? one : two)(context, arguments, rows);
  };
}

/// The SQL form names the side when there are characters to trim: TRIM(BOTH x FROM y).
template <Side kSide>
BindScalar Trim() {
  return [](const BindContext& context, const Arguments& arguments) -> logical::ScalarBindingPtr {
    CheckCount(context, arguments, 1, 2);
    auto types = Coerce(context, arguments, {String()});
    auto binding = NewBinding(context, arguments, String(), types, TrimKernel<kSide>(true));
    if (arguments.size() == 2) {
      binding->sql = [](const std::vector<std::string>& texts) {
        return fmt::format("TRIM({} {} FROM {})", SideName(kSide), texts[0], texts[1]);
      };
    }
    return binding;
  };
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Trim) {
  registry.Add({.name = "trim",
                .usage = "The text without spaces, or without the given characters, at both ends.",
                .example = "SELECT trim('    SparkSQL   ')",
                .since = "1.5.0",
                .bind = Trim<Side::kBoth>()});
  registry.Add({.name = "ltrim",
                .usage = "The text without spaces, or without the given characters, at its start.",
                .example = "SELECT ltrim('    SparkSQL   ')",
                .since = "1.5.0",
                .bind = Trim<Side::kLeading>()});
  registry.Add({.name = "rtrim",
                .usage = "The text without spaces, or without the given characters, at its end.",
                .example = "SELECT rtrim('    SparkSQL   ')",
                .since = "1.5.0",
                .bind = Trim<Side::kTrailing>()});
  registry.Add({.name = "btrim",
                .usage = "Like trim, with the characters to remove as the second argument.",
                .example = "SELECT btrim('SSparkSQLS', 'SL')",
                .since = "3.2.0",
                .bind = Simple({.parameters = {String(), String()},
                                .type = String(),
                                .kernel = TrimKernel<Side::kBoth>(false),
                                .optional = 1})});
}

}  // namespace sluice::functions
