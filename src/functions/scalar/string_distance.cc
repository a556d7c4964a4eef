// levenshtein, soundex, luhn_check.
#include <algorithm>
#include <numeric>

#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using types::Integer;
using types::String;

namespace {

std::vector<uint32_t> CodePoints(std::string_view text) {
  std::vector<uint32_t> out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) out.push_back(NextCodePoint(text, &at));
  return out;
}

int32_t Levenshtein(std::string_view a, std::string_view b) {
  auto left = CodePoints(a), right = CodePoints(b);
  if (left.size() > right.size()) std::swap(left, right);
  std::vector<int32_t> costs(left.size() + 1);
  std::iota(costs.begin(), costs.end(), 0);
  for (size_t j = 1; j <= right.size(); ++j) {
    int32_t diagonal = costs[0];
    costs[0] = static_cast<int32_t>(j);
    for (size_t i = 1; i <= left.size(); ++i) {
      int32_t substituted = diagonal + (left[i - 1] != right[j - 1]);
      diagonal = costs[i];
      costs[i] = std::min({costs[i] + 1, costs[i - 1] + 1, substituted});
    }
  }
  return costs.back();
}

int32_t LevenshteinWithin(std::string_view a, std::string_view b, int32_t threshold) {
  int32_t distance = Levenshtein(a, b);
  return distance <= threshold ? distance : -1;
}

logical::ScalarBindingPtr BindLevenshtein(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  auto types = Coerce(context, arguments, {String(), String(), Integer()});
  logical::ScalarKernel kernel =
      arguments.size() == 2
          ? RowKernel<int32_t(std::string_view, std::string_view)>(Integer(), Levenshtein)
          : RowKernel<int32_t(std::string_view, std::string_view, int32_t)>(Integer(), LevenshteinWithin);
  return NewBinding(context, arguments, Integer(), types, kernel);
}

/// The code of a letter; '7' separates nothing (H, W), '0' is a vowel.
char SoundexCode(char c) {
  static constexpr char kCodes[] = "01230127022455012623017202";
  return kCodes[c - 'A'];
}

void Soundex(TextWriter& out, std::string_view text) {
  auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  if (text.empty() || upper(text[0]) < 'A' || upper(text[0]) > 'Z') return out.Append(text);
  char code[4] = {upper(text[0]), '0', '0', '0'};
  char last = SoundexCode(code[0]);
  size_t length = 1;
  for (size_t i = 1; i < text.size() && length < 4; ++i) {
    char c = upper(text[i]);
    if (c < 'A' || c > 'Z') {
      last = '0';
      continue;
    }
    char next = SoundexCode(c);
    if (next == '7') continue;
    if (next != '0' && next != last) code[length++] = next;
    last = next;
  }
  out.Append(std::string_view(code, 4));
}

bool LuhnCheck(std::string_view digits) {
  if (digits.empty()) return false;
  int sum = 0;
  bool doubled = false;
  for (size_t i = digits.size(); i-- > 0; doubled = !doubled) {
    int digit = digits[i] - '0';
    if (digit < 0 || digit > 9) return false;
    if (doubled) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, StringDistance) {
  registry.Add({.name = "levenshtein",
                .usage = "The edit distance of two texts, -1 if it is above the threshold.",
                .example = "SELECT levenshtein('kitten', 'sitting')",
                .since = "1.5.0",
                .bind = BindScalar(BindLevenshtein)});
  registry.Add({.name = "soundex",
                .usage = "The Soundex code of a word.",
                .example = "SELECT soundex('Miller')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {String()},
                                .type = String(),
                                .kernel = RowKernel<Text(std::string_view)>(String(), Soundex)})});
  registry.Add({.name = "luhn_check",
                .usage = "True if the digits pass the Luhn check.",
                .example = "SELECT luhn_check('8112189876')",
                .since = "3.5.0",
                .bind = Simple({.parameters = {String()},
                                .type = types::Boolean(),
                                .kernel = RowKernel<bool(std::string_view)>(types::Boolean(), LuhnCheck)})});
}

}  // namespace sluice::functions
