// Functions of regular expressions.
#include <fmt/format.h>

#include "functions/java_regex.h"
#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using logical::EvalContext;
using types::Array;
using types::Boolean;
using types::Integer;
using types::String;

namespace {

/// Where to look for the next match after the last one.
size_t NextStart(const JavaRegex& regex, std::string_view text) {
  size_t end = regex.end();
  if (end > regex.start()) return end;
  return end + (end < text.size() ? CharSize(text[end]) : 1);
}

std::string Upper(const std::string& text) {
  std::string out = text;
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

logical::ScalarBindingPtr BindRlike(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = Coerce(context, arguments, {String()});
  std::string name = PrettyName(context);
  auto kernel = BatchKernel<bool(std::string_view, std::string_view)>(Boolean(), [name](EvalContext&) {
    return [cache = std::make_shared<RegexCache>(name)](std::string_view text, std::string_view pattern) {
      return cache->Get(pattern).Find(text);
    };
  });
  auto binding = NewBinding(context, arguments, Boolean(), types, kernel);
  binding->sql = [name](const std::vector<std::string>& texts) {
    return fmt::format("{}({}, {})", Upper(name), texts[0], texts[1]);
  };
  return binding;
}

void CheckGroup(const std::string& function, const JavaRegex& regex, int32_t group) {
  if (group >= 0 && group <= regex.group_count()) return;
  throw base::Error(base::ErrorKind::kRuntime, "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX",
                    {{"parameter", "`idx`"},
                     {"functionName", "`" + function + "`"},
                     {"groupCount", std::to_string(regex.group_count())},
                     {"groupIndex", std::to_string(group)}});
}

logical::ScalarBindingPtr BindExtract(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  auto types = Coerce(context, arguments, {String(), String(), Integer()});
  auto kernel = BatchKernel<Text(std::string_view, std::string_view, int32_t)>(String(), [](EvalContext&) {
    return [cache = std::make_shared<RegexCache>("regexp_extract")](TextWriter& out, std::string_view text,
                                                                    std::string_view pattern, int32_t group) {
      JavaRegex& regex = cache->Get(pattern);
      CheckGroup("regexp_extract", regex, group);
      if (regex.Find(text)) out.Append(regex.Group(text, group));
    };
  });
  auto binding = NewBinding(context, arguments, String(), types, WithDefaults(3, {IntConstant(1)}, kernel));
  if (arguments.size() == 2) {
    binding->sql = [name = binding->name](const std::vector<std::string>& texts) {
      return fmt::format("{}({}, {}, 1)", name, texts[0], texts[1]);
    };
  }
  return binding;
}

arrow::Datum ExtractAll(EvalContext&, const std::vector<arrow::Datum>& arguments, int64_t rows) {
  bool constant = AllConstant(arguments);
  int64_t count = constant ? 1 : rows;
  Column<std::string_view> text(arguments[0]), pattern(arguments[1]);
  Column<int32_t> group(arguments[2]);
  auto validity = AndValidity({&text, &pattern, &group}, count);
  ListWriter lists(count, validity);
  arrow::StringBuilder found;
  RegexCache cache("regexp_extract_all");
  for (int64_t row = 0; row < count; ++row) {
    if (validity && !arrow::bit_util::GetBit(validity->data(), row)) {
      lists.Skip();
      continue;
    }
    JavaRegex& regex = cache.Get(pattern[row]);
    CheckGroup("regexp_extract_all", regex, group[row]);
    for (size_t at = 0; at <= text[row].size() && regex.Find(text[row], at); at = NextStart(regex, text[row])) {
      (void)found.Append(regex.Group(text[row], group[row]));
    }
    lists.EndRow(found.length());
  }
  std::shared_ptr<arrow::Array> child;
  (void)found.Finish(&child);
  auto array = lists.Finish(types::ToArrow(Array(String())), child);
  return constant ? AsScalar(array) : arrow::Datum(array);
}

logical::ScalarBindingPtr BindReplace(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 3, 4);
  auto types = Coerce(context, arguments, {String(), String(), String(), Integer()});
  auto kernel =
      BatchKernel<Text(std::string_view, std::string_view, std::string_view, int32_t)>(String(), [](EvalContext&) {
        return [cache = std::make_shared<RegexCache>("regexp_replace"), buffer = std::string()](
                   TextWriter& out, std::string_view text, std::string_view pattern, std::string_view replacement,
                   int32_t position) mutable {
          JavaRegex& regex = cache->Get(pattern);
          size_t from = ByteOffset(text, position - 1);
          if (position > 1 && from >= text.size()) return out.Append(text);
          size_t copied = 0;
          for (size_t at = from; at <= text.size() && regex.Find(text, at); at = NextStart(regex, text)) {
            out.Append(text.substr(copied, regex.start() - copied));
            buffer.clear();
            AppendReplacement(regex, text, replacement, &buffer);
            out.Append(buffer);
            copied = regex.end();
          }
          out.Append(text.substr(copied));
        };
      });
  if (arguments.size() == 4 && arguments[3].literal && !arguments[3].literal->is_null() &&
      arguments[3].type->IsIntegral() && LongLiteral(arguments[3]) <= 0) {
    throw TypeMismatch(context, arguments, "VALUE_OUT_OF_RANGE",
                       {{"exprName", "position"},
                        {"valueRange", "(0, 2147483647]"},
                        {"currentValue", std::to_string(LongLiteral(arguments[3]))}});
  }
  auto binding = NewBinding(context, arguments, String(), types, WithDefaults(4, {IntConstant(1)}, kernel));
  if (arguments.size() == 3) {
    binding->sql = [name = binding->name](const std::vector<std::string>& texts) {
      return fmt::format("{}({}, {}, {}, 1)", name, texts[0], texts[1], texts[2]);
    };
  }
  return binding;
}

logical::ScalarKernel CountKernel() {
  return BatchKernel<int32_t(std::string_view, std::string_view)>(Integer(), [](EvalContext&) {
    return [cache = std::make_shared<RegexCache>("regexp_count")](std::string_view text, std::string_view pattern) {
      JavaRegex& regex = cache->Get(pattern);
      int32_t count = 0;
      for (size_t at = 0; at <= text.size() && regex.Find(text, at); at = NextStart(regex, text)) ++count;
      return count;
    };
  });
}

logical::ScalarKernel SubstrKernel() {
  return BatchKernel<Text(std::string_view, std::string_view)>(String(), [](EvalContext&) {
    return [cache = std::make_shared<RegexCache>("regexp_substr")](TextWriter& out, std::string_view text,
                                                                   std::string_view pattern) {
      JavaRegex& regex = cache->Get(pattern);
      if (!regex.Find(text) || regex.end() == regex.start()) return false;
      out.Append(regex.Group(text, 0));
      return true;
    };
  });
}

logical::ScalarKernel InstrKernel() {
  return WithDefaults(3, {IntConstant(0)},
                      BatchKernel<int32_t(std::string_view, std::string_view, int32_t)>(Integer(), [](EvalContext&) {
                        return [cache = std::make_shared<RegexCache>("regexp_instr")](
                                   std::string_view text, std::string_view pattern, int32_t) -> int32_t {
                          JavaRegex& regex = cache->Get(pattern);
                          return regex.Find(text) ? static_cast<int32_t>(CharCount(text.substr(0, regex.start()))) + 1
                                                  : 0;
                        };
                      }));
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Regexp) {
  registry.Add({.name = "rlike",
                .aliases = {"regexp", "regexp_like"},
                .usage = "True if a regular expression occurs in the text.",
                .example = "SELECT rlike('Spark', 'S.*k')",
                .since = "1.0.0",
                .bind = BindScalar(BindRlike)});
  registry.Add({.name = "regexp_extract",
                .usage = "A group of the first match, an empty text if nothing matches.",
                .example = "SELECT regexp_extract('100-200', '([0-9]+)-([0-9]+)', 1)",
                .since = "1.5.0",
                .bind = BindScalar(BindExtract)});
  registry.Add({.name = "regexp_extract_all",
                .usage = "A group of every match, as an array.",
                .example = "SELECT regexp_extract_all('100-200, 300-400', '([0-9]+)-([0-9]+)', 1)",
                .since = "3.1.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  CheckCount(context, arguments, 2, 3);
                  auto types = Coerce(context, arguments, {String(), String(), Integer()});
                  auto binding = NewBinding(context, arguments, Array(String()), types,
                                            WithDefaults(3, {IntConstant(1)}, ExtractAll));
                  if (arguments.size() == 2) {
                    binding->sql = [](const std::vector<std::string>& texts) {
                      return fmt::format("regexp_extract_all({}, {}, 1)", texts[0], texts[1]);
                    };
                  }
                  return binding;
                })});
  registry.Add({.name = "regexp_replace",
                .usage = "Every match replaced by a text in which $1 stands for a group.",
                .example = "SELECT regexp_replace('100-200', '([0-9]+)', 'num')",
                .since = "1.5.0",
                .bind = BindScalar(BindReplace)});
  registry.Add({.name = "regexp_count",
                .usage = "How often a regular expression matches.",
                .example = "SELECT regexp_count('Steven Jones', 'e')",
                .since = "3.4.0",
                .bind = Simple({.parameters = {String(), String()}, .type = Integer(), .kernel = CountKernel()})});
  registry.Add(
      {.name = "regexp_substr",
       .usage = "The first match, null if nothing matches.",
       .example = "SELECT regexp_substr('Steven Jones', 'Jo')",
       .since = "3.4.0",
       .bind = Simple(
           {.parameters = {String(), String()}, .type = String(), .kernel = SubstrKernel(), .nulls = Nulls::kAlways})});
  registry.Add({.name = "regexp_instr",
                .usage = "The position, from 1, of the first match; 0 if nothing matches.",
                .example = "SELECT regexp_instr('user@spark.apache.org', '@')",
                .since = "3.4.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  CheckCount(context, arguments, 2, 3);
                  auto types = Coerce(context, arguments, {String(), String(), Integer()});
                  auto binding = NewBinding(context, arguments, Integer(), types, InstrKernel());
                  if (arguments.size() == 2) {
                    binding->sql = [](const std::vector<std::string>& texts) {
                      return fmt::format("regexp_instr({}, {}, 0)", texts[0], texts[1]);
                    };
                  }
                  return binding;
                })});
}

}  // namespace sluice::functions
