// upper, lower, initcap.
#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using types::String;

namespace {

enum class Case { kUpper, kLower, kTitle };

template <Case kCase>
void AppendAscii(TextWriter& out, std::string_view text) {
  char* at = out.Claim(text.size());
  bool word_start = true;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool upper = kCase == Case::kUpper || (kCase == Case::kTitle && word_start);
    word_start = c == ' ';
    if (upper) {
      at[i] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    } else {
      at[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
  }
}

template <Case kCase>
logical::ScalarKernel CaseKernel() {
  return BatchKernel<Text(std::string_view)>(String(), [](logical::EvalContext&) {
    return [buffer = std::string()](TextWriter& out, std::string_view text) mutable {
      if (IsAscii(text)) return AppendAscii<kCase>(out, text);
      buffer.clear();
      if constexpr (kCase == Case::kUpper) AppendUpper(text, &buffer);
      if constexpr (kCase == Case::kLower) AppendLower(text, &buffer);
      if constexpr (kCase == Case::kTitle) AppendInitcap(text, &buffer);
      out.Append(buffer);
    };
  });
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, StringCase) {
  registry.Add({.name = "upper",
                .aliases = {"ucase"},
                .usage = "The text in upper case.",
                .example = "SELECT upper('SparkSql')",
                .since = "1.0.1",
                .bind = Simple({.parameters = {String()}, .type = String(), .kernel = CaseKernel<Case::kUpper>()})});
  registry.Add({.name = "lower",
                .aliases = {"lcase"},
                .usage = "The text in lower case.",
                .example = "SELECT lower('SparkSql')",
                .since = "1.0.1",
                .bind = Simple({.parameters = {String()}, .type = String(), .kernel = CaseKernel<Case::kLower>()})});
  registry.Add({.name = "initcap",
                .usage = "The first letter of each word in upper case, all others in lower case.",
                .example = "SELECT initcap('sPark sql')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {String()}, .type = String(), .kernel = CaseKernel<Case::kTitle>()})});
}

}  // namespace sluice::functions
