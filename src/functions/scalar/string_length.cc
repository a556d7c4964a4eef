// Lengths of texts and the codes of characters.
#include <arrow/util/bit_util.h>

#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using types::Binary;
using types::Integer;
using types::String;

namespace {

Expected TextOrBytes() { return Expected::OneOf({String(), Binary()}); }

logical::ScalarBindingPtr BindLength(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  auto type = Coerce(context, arguments, {TextOrBytes()})[0];
  logical::ScalarKernel kernel = type->Is(types::TypeId::kBinary)
                                     ? RowKernel<int32_t(std::string_view)>(
                                           Integer(), [](std::string_view v) { return static_cast<int32_t>(v.size()); })
                                     : RowKernel<int32_t(std::string_view)>(Integer(), [](std::string_view v) {
                                         return static_cast<int32_t>(IsAscii(v) ? v.size() : CharCount(v));
                                       });
  auto binding = NewBinding(context, arguments, Integer(), {type}, kernel);
  binding->can_fail = false;
  return binding;
}

BindScalar ByteLength(int factor) {
  return Simple({.parameters = {TextOrBytes()},
                 .type = Integer(),
                 .kernel = RowKernel<int32_t(std::string_view)>(
                     Integer(), [factor](std::string_view v) { return static_cast<int32_t>(v.size()) * factor; }),
                 .can_fail = false});
}

int32_t FirstCode(std::string_view text) {
  size_t at = 0;
  return text.empty() ? 0 : static_cast<int32_t>(NextCodePoint(text, &at));
}

void AppendChr(TextWriter& out, int64_t code) {
  if (code < 0) return;
  char bytes[4];
  out.Append(std::string_view(bytes, EncodeCodePoint(static_cast<uint32_t>(code & 0xff), bytes)));
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, StringLength) {
  registry.Add({.name = "length",
                .aliases = {"char_length", "character_length", "len"},
                .usage = "The number of characters of a text, or of bytes of a binary.",
                .example = "SELECT length('Spark SQL ')",
                .since = "1.5.0",
                .bind = BindScalar(BindLength)});
  registry.Add({.name = "octet_length",
                .usage = "The number of bytes.",
                .example = "SELECT octet_length('Spark SQL')",
                .since = "2.3.0",
                .bind = ByteLength(1)});
  registry.Add({.name = "bit_length",
                .usage = "The number of bits.",
                .example = "SELECT bit_length('Spark SQL')",
                .since = "2.3.0",
                .bind = ByteLength(8)});
  registry.Add({.name = "ascii",
                .usage = "The code of the first character, 0 for an empty text.",
                .example = "SELECT ascii('222')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {String()},
                                .type = Integer(),
                                .kernel = RowKernel<int32_t(std::string_view)>(Integer(), FirstCode)})});
  registry.Add({.name = "chr",
                .aliases = {"char"},
                .usage = "The character of a code modulo 256; nothing for a negative code.",
                .example = "SELECT chr(65)",
                .since = "2.3.0",
                .bind = Simple({.parameters = {types::Long()},
                                .type = String(),
                                .kernel = RowKernel<Text(int64_t)>(String(), AppendChr)})});
}

}  // namespace sluice::functions
