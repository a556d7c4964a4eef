// mask, quote, sentences.
#include "base/arrow_status.h"
#include "functions/kernels.h"
#include "functions/list_picker.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::String;
using types::TypePtr;

namespace {

using Replacement = std::optional<std::string_view>;

void MaskText(TextWriter& out, std::string_view text, Replacement upper, Replacement lower, Replacement digit,
              Replacement other) {
  for (size_t at = 0; at < text.size();) {
    std::string_view character = text.substr(at, CharSize(text[at]));
    at += character.size();
    char c = character.size() == 1 ? character[0] : '\0';
    const Replacement& chosen = c >= 'A' && c <= 'Z'   ? upper
                                : c >= 'a' && c <= 'z' ? lower
                                : c >= '0' && c <= '9' ? digit
                                                       : other;
    out.Append(chosen.value_or(character));
  }
}

ScalarBindingPtr BindMask(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 5);
  auto types = Coerce(context, arguments, {String()});
  for (size_t i = 1; i < arguments.size(); ++i) {
    const Argument& character = arguments[i];
    if (character.literal && !character.literal->is_null() && CharCount(StringLiteral(character)) != 1) {
      throw TypeMismatch(context, arguments, "INPUT_SIZE_NOT_ONE", {{"exprName", character.sql}});
    }
  }
  auto kernel = RowKernel<Text(std::string_view, Replacement, Replacement, Replacement, Replacement)>(
      String(), [](TextWriter& out, std::string_view text, std::optional<std::string_view> upper,
                   std::optional<std::string_view> lower, std::optional<std::string_view> digit,
                   std::optional<std::string_view> other) { MaskText(out, text, upper, lower, digit, other); });
  arrow::Datum none(arrow::MakeNullScalar(arrow::utf8()));
  auto binding =
      NewBinding(context, arguments, String(), types,
                 WithDefaults(5, {TextConstant("X"), TextConstant("x"), TextConstant("n"), none}, std::move(kernel)));
  binding->sql = [](const std::vector<std::string>& texts) {
    static constexpr const char* kDefaults[] = {"", "X", "x", "n", "NULL"};
    std::string out = "mask(";
    for (size_t i = 0; i < 5; ++i) out += (i ? ", " : "") + (i < texts.size() ? texts[i] : kDefaults[i]);
    return out + ")";
  };
  return binding;
}

void Quote(TextWriter& out, std::string_view text) {
  out.Append('\'');
  for (char c : text) {
    if (c == '\'') out.Append('\\');
    out.Append(c);
  }
  out.Append('\'');
}

/// Words are runs of letters and digits, with ' and - between them; ., ! and ? before a space end a sentence.
struct SentenceBuilder {
  arrow::StringBuilder words;
  std::vector<int64_t> sentence_ends;

  void Split(std::string_view text) {
    bool open = false;
    for (size_t at = 0; at < text.size();) {
      size_t start = at;
      while (at < text.size()) {
        size_t next = at;
        uint32_t c = NextCodePoint(text, &next);
        bool joins = (c == '\'' || c == '-') && at > start && next < text.size();
        if (joins) {
          size_t after = next;
          joins = IsLetterOrDigit(NextCodePoint(text, &after));
        }
        if (!IsLetterOrDigit(c) && !joins) break;
        at = next;
      }
      if (at > start) {
        base::ThrowIfError(words.Append(text.substr(start, at - start)));
        open = true;
        continue;
      }
      bool end = text[at] == '.' || text[at] == '!' || text[at] == '?';
      at += CharSize(text[at]);
      if (end && open && (at >= text.size() || text[at] == ' ')) {
        sentence_ends.push_back(words.length());
        open = false;
      }
    }
    if (open) sentence_ends.push_back(words.length());
  }
};

ScalarBindingPtr BindSentences(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 3);
  auto types = Coerce(context, arguments, {String()});
  TypePtr inner = types::Array(String(), false), type = types::Array(inner, false);
  auto kernel = [type, inner](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    Column<std::string_view> text(values[0]);
    ListWriter outer(scope.rows(), AndValidity({&text}, scope.rows()));
    SentenceBuilder sentences;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (text.valid(row)) sentences.Split(text[row]);
      outer.EndRow(static_cast<int64_t>(sentences.sentence_ends.size()));
    }
    ListWriter middle(static_cast<int64_t>(sentences.sentence_ends.size()));
    for (int64_t end : sentences.sentence_ends) middle.EndRow(end);
    std::shared_ptr<arrow::Array> words;
    base::ThrowIfError(sentences.words.Finish(&words));
    return scope.Result(outer.Finish(types::ToArrow(type), middle.Finish(types::ToArrow(inner), words)));
  };
  auto binding = NewBinding(context, arguments, type, types, kernel);
  binding->nullable = true;
  binding->sql = [](const std::vector<std::string>& texts) {
    return "sentences(" + texts[0] + ", " + (texts.size() > 1 ? texts[1] : "") + ", " +
           (texts.size() > 2 ? texts[2] : "") + ")";
  };
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Mask) {
  registry.Add(
      {.name = "mask",
       .usage = "The text with letters and digits replaced: X for capitals, x for small letters, n for digits.",
       .example = "SELECT mask('abcd-EFGH-8765-4321')",
       .since = "3.4.0",
       .bind = BindScalar(BindMask)});
  registry.Add({.name = "quote",
                .usage = "The text in single quotes, those inside escaped by a backslash.",
                .example = "SELECT quote('text')",
                .since = "4.1.0",
                .bind = Simple({.parameters = {String()},
                                .type = String(),
                                .kernel = RowKernel<Text(std::string_view)>(String(), Quote)})});
  registry.Add({.name = "sentences",
                .usage = "The sentences of a text, each an array of words.",
                .example = "SELECT sentences('Hi there! Good morning.')",
                .since = "2.0.0",
                .bind = BindScalar(BindSentences)});
}

}  // namespace sluice::functions
