// Making texts out of texts: pad, repeat, space, replace, translate, overlay.
#include <limits>

#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using types::Binary;
using types::Integer;
using types::String;
using types::TypePtr;

namespace {

int64_t Length(std::string_view text, bool binary) {
  return binary || IsAscii(text) ? static_cast<int64_t>(text.size()) : CharCount(text);
}
std::string_view Head(std::string_view text, int64_t length, bool binary) {
  return binary ? text.substr(0, length) : Chars(text, 0, length);
}

/// `missing` characters of the pad, repeated.
void AppendPad(TextWriter& out, std::string_view pad, int64_t missing, bool binary) {
  int64_t pad_length = Length(pad, binary);
  for (; missing >= pad_length; missing -= pad_length) out.Append(pad);
  out.Append(Head(pad, missing, binary));
}

void Pad(TextWriter& out, std::string_view text, int32_t length, std::string_view pad, bool left, bool binary) {
  if (length <= 0) return;
  int64_t missing = length - Length(text, binary);
  if (missing <= 0) return out.Append(Head(text, length, binary));
  if (pad.empty()) return out.Append(text);
  if (left) AppendPad(out, pad, missing, binary);
  out.Append(text);
  if (!left) AppendPad(out, pad, missing, binary);
}

logical::ScalarBindingPtr BindPad(bool left, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  bool binary = arguments[0].type->Is(types::TypeId::kBinary) &&
                (arguments.size() == 2 || arguments[2].type->Is(types::TypeId::kBinary));
  TypePtr type = binary ? Binary() : String();
  auto types = Coerce(context, arguments, {type, Integer(), type});
  auto kernel = RowKernel<Text(std::string_view, int32_t, std::string_view)>(
      type, [left, binary](TextWriter& out, std::string_view text, int32_t length, std::string_view pad) {
        Pad(out, text, length, pad, left, binary);
      });
  arrow::Datum pad =
      binary ? arrow::Datum(std::make_shared<arrow::BinaryScalar>(std::string(1, '\0'))) : TextConstant(" ");
  auto binding = NewBinding(context, arguments, type, types, WithDefaults(3, {pad}, std::move(kernel)));
  if (arguments.size() == 2 && !binary) {
    binding->sql = [name = binding->name](const std::vector<std::string>& texts) {
      return name + "(" + texts[0] + ", " + texts[1] + ",  )";
    };
  }
  return binding;
}

void Replace(TextWriter& out, std::string_view text, std::string_view search, std::string_view replacement) {
  if (search.empty()) return out.Append(text);
  size_t start = 0;
  for (size_t at = text.find(search); at != std::string_view::npos; at = text.find(search, start)) {
    out.Append(text.substr(start, at - start));
    out.Append(replacement);
    start = at + search.size();
  }
  out.Append(text.substr(start));
}

/// What translate replaces each character by; the first mention of a character counts.
struct Translation {
  std::string_view from, to;
  void Apply(TextWriter& out, std::string_view text) const {
    for (size_t at = 0; at < text.size();) {
      std::string_view character = text.substr(at, CharSize(text[at]));
      at += character.size();
      size_t target = 0;
      bool found = false;
      for (size_t i = 0; i < from.size() && !found;) {
        std::string_view candidate = from.substr(i, CharSize(from[i]));
        found = candidate == character;
        i += candidate.size();
        if (!found && target < to.size()) target += CharSize(to[target]);
      }
      if (!found) {
        out.Append(character);
      } else if (target < to.size()) {
        out.Append(to.substr(target, CharSize(to[target])));
      }
    }
  }
};

logical::ScalarBindingPtr BindOverlay(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 3, 4);
  bool binary = arguments[0].type->Is(types::TypeId::kBinary) && arguments[1].type->Is(types::TypeId::kBinary);
  TypePtr type = binary ? Binary() : String();
  auto types = Coerce(context, arguments, {type, type, Integer(), Integer()});
  auto kernel = RowKernel<Text(std::string_view, std::string_view, int32_t, int32_t)>(
      type,
      [binary](TextWriter& out, std::string_view text, std::string_view replacement, int32_t position, int32_t length) {
        int64_t replaced = length >= 0 ? length : Length(replacement, binary);
        auto part = [&](int64_t start, int64_t count) {
          // Positions count from 1 in bytes and characters alike.
          return binary && start > 0
                     ? text.substr(std::min<size_t>(start - 1, text.size()), std::max<int64_t>(count, 0))
                     : SubstringSql(text, start, count);
        };
        out.Append(part(1, position - 1));
        out.Append(replacement);
        out.Append(part(position + replaced, std::numeric_limits<int32_t>::max()));
      });
  auto binding = NewBinding(context, arguments, type, types, WithDefaults(4, {IntConstant(-1)}, std::move(kernel)));
  if (arguments.size() == 3) {
    binding->sql = [name = binding->name](const std::vector<std::string>& texts) {
      return name + "(" + texts[0] + ", " + texts[1] + ", " + texts[2] + ", -1)";
    };
  }
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Pad) {
  registry.Add({.name = "lpad",
                .usage = "The text brought to a length by padding or cutting, padded on the left.",
                .example = "SELECT lpad('hi', 5, '??')",
                .since = "1.5.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindPad(true, context, arguments);
                })});
  registry.Add({.name = "rpad",
                .usage = "The text brought to a length by padding or cutting, padded on the right.",
                .example = "SELECT rpad('hi', 5, '??')",
                .since = "1.5.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindPad(false, context, arguments);
                })});
}

SLUICE_REGISTER(FunctionRegistry, Repeat) {
  registry.Add({.name = "repeat",
                .usage = "The text n times.",
                .example = "SELECT repeat('123', 2)",
                .since = "1.5.0",
                .bind = Simple({.parameters = {String(), Integer()},
                                .type = String(),
                                .kernel = RowKernel<Text(std::string_view, int32_t)>(
                                    String(), [](TextWriter& out, std::string_view text, int32_t times) {
                                      for (; times > 0 && !text.empty(); --times) out.Append(text);
                                    })})});
  registry.Add({.name = "space",
                .usage = "A text of n spaces.",
                .example = "SELECT concat(space(2), '1')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {Integer()},
                                .type = String(),
                                .kernel = RowKernel<Text(int32_t)>(String(), [](TextWriter& out, int32_t count) {
                                  if (count > 0) out.Append(static_cast<size_t>(count), ' ');
                                })})});
}

SLUICE_REGISTER(FunctionRegistry, Replace) {
  registry.Add({.name = "replace",
                .usage = "Every occurrence of a text replaced by another (removed without one).",
                .example = "SELECT replace('ABCabc', 'abc', 'DEF')",
                .since = "2.3.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  CheckCount(context, arguments, 2, 3);
                  auto types = Coerce(context, arguments, {String()});
                  auto kernel =
                      RowKernel<Text(std::string_view, std::string_view, std::string_view)>(String(), Replace);
                  auto binding = NewBinding(context, arguments, String(), types,
                                            WithDefaults(3, {TextConstant("")}, std::move(kernel)));
                  if (arguments.size() == 2) {
                    binding->sql = [](const std::vector<std::string>& texts) {
                      return "replace(" + texts[0] + ", " + texts[1] + ", )";
                    };
                  }
                  return binding;
                })});
  registry.Add({.name = "translate",
                .usage = "Characters of the second text replaced by those at the same place in the third.",
                .example = "SELECT translate('AaBbCc', 'abc', '123')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {String(), String(), String()},
                                .type = String(),
                                .kernel = RowKernel<Text(std::string_view, std::string_view, std::string_view)>(
                                    String(), [](TextWriter& out, std::string_view text, std::string_view from,
                                                 std::string_view to) {
                                      Translation{from, to}.Apply(out, text);
                                    })})});
  registry.Add({.name = "overlay",
                .usage = "The text with a part, from a position and of a length, replaced by another text.",
                .example = "SELECT overlay('Spark SQL', '_', 6)",
                .since = "3.0.0",
                .bind = BindScalar(BindOverlay)});
}

}  // namespace sluice::functions
