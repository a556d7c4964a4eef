// LIKE and ILIKE.
#include <fmt/format.h>

#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using logical::EvalContext;
using types::Boolean;
using types::String;

namespace {

/// A pattern as a list of steps; the common shapes (only % at the ends) are matched without backtracking.
class LikePattern {
 public:
  LikePattern(std::string_view pattern, char escape) {
    for (size_t at = 0; at < pattern.size();) {
      char c = pattern[at];
      if (c == escape) {
        CheckEscape(pattern, at, escape);
        Literal(pattern.substr(at + 1, CharSize(pattern[at + 1])));
        at += 1 + CharSize(pattern[at + 1]);
      } else if (c == '%') {
        if (steps_.empty() || steps_.back().kind != Kind::kAny) steps_.push_back({Kind::kAny, ""});
        ++at;
      } else if (c == '_') {
        steps_.push_back({Kind::kOne, ""});
        ++at;
      } else {
        Literal(pattern.substr(at, CharSize(c)));
        at += CharSize(c);
      }
    }
  }

  bool Matches(std::string_view text) const {
    size_t count = steps_.size();
    auto literal = [&](size_t i) { return steps_[i].kind == Kind::kLiteral; };
    auto any = [&](size_t i) { return steps_[i].kind == Kind::kAny; };
    if (count == 0) return text.empty();
    if (count == 1 && literal(0)) return text == steps_[0].text;
    if (count == 1 && any(0)) return true;
    if (count == 2 && literal(0) && any(1)) return text.starts_with(steps_[0].text);
    if (count == 2 && any(0) && literal(1)) return text.ends_with(steps_[1].text);
    if (count == 3 && any(0) && literal(1) && any(2)) return text.find(steps_[1].text) != std::string_view::npos;
    return Match(text);
  }

 private:
  enum class Kind { kLiteral, kOne, kAny };
  struct Step {
    Kind kind;
    std::string text;
  };

  static void CheckEscape(std::string_view pattern, size_t at, char escape) {
    if (at + 1 == pattern.size()) {
      throw base::Error(base::ErrorKind::kAnalysis, "INVALID_FORMAT.ESC_AT_THE_END",
                        {{"format", fmt::format("'{}'", pattern)}});
    }
    char next = pattern[at + 1];
    if (next != '_' && next != '%' && next != escape) {
      throw base::Error(base::ErrorKind::kAnalysis, "INVALID_FORMAT.ESC_IN_THE_MIDDLE",
                        {{"format", fmt::format("'{}'", pattern)},
                         {"char", fmt::format("'{}'", pattern.substr(at + 1, CharSize(next)))}});
    }
  }

  void Literal(std::string_view text) {
    if (steps_.empty() || steps_.back().kind != Kind::kLiteral) steps_.push_back({Kind::kLiteral, ""});
    steps_.back().text += text;
  }

  /// Greedy matching with one place to come back to: the last %.
  bool Match(std::string_view text) const {
    size_t at = 0, step = 0;
    size_t retry_at = 0, retry_step = SIZE_MAX;
    while (at < text.size() || step < steps_.size()) {
      if (step < steps_.size()) {
        const Step& next = steps_[step];
        if (next.kind == Kind::kAny) {
          retry_step = step++;
          retry_at = at;
          continue;
        }
        if (next.kind == Kind::kOne && at < text.size()) {
          at += CharSize(text[at]);
          ++step;
          continue;
        }
        if (next.kind == Kind::kLiteral && text.substr(std::min(at, text.size())).starts_with(next.text)) {
          at += next.text.size();
          ++step;
          continue;
        }
      }
      if (retry_step == SIZE_MAX || retry_at >= text.size()) return false;
      retry_at += CharSize(text[retry_at]);
      at = retry_at;
      step = retry_step + 1;
    }
    return true;
  }

  std::vector<Step> steps_;
};

/// Keeps the pattern used last.
class LikeCache {
 public:
  explicit LikeCache(char escape, bool fold) : escape_(escape), fold_(fold) {}
  bool Matches(std::string_view text, std::string_view pattern) {
    if (!compiled_ || pattern != pattern_) {
      compiled_.emplace(fold_ ? Lowered(pattern) : std::string(pattern), escape_);
      pattern_ = pattern;
    }
    if (!fold_) return compiled_->Matches(text);
    lowered_.clear();
    AppendLower(text, &lowered_);
    return compiled_->Matches(lowered_);
  }

 private:
  static std::string Lowered(std::string_view text) {
    std::string out;
    AppendLower(text, &out);
    return out;
  }
  char escape_;
  bool fold_;
  std::string pattern_, lowered_;
  std::optional<LikePattern> compiled_;
};

logical::ScalarBindingPtr BindLike(bool fold, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  auto types = Coerce(context, arguments, {String()});
  char escape = '\\';
  if (arguments.size() == 3) {
    bool single = arguments[2].literal && !arguments[2].literal->is_null() && arguments[2].type->IsStringLike() &&
                  StringLiteral(arguments[2]).size() == 1;
    if (!single) {
      throw base::Error(base::ErrorKind::kAnalysis, "INVALID_ESCAPE_CHAR", {{"sqlExpr", QuotedSql(arguments[2].sql)}});
    }
    escape = StringLiteral(arguments[2])[0];
  }
  auto match = BatchKernel<bool(std::string_view, std::string_view)>(Boolean(), [escape, fold](EvalContext&) {
    return [cache = std::make_shared<LikeCache>(escape, fold)](std::string_view text, std::string_view pattern) {
      return cache->Matches(text, pattern);
    };
  });
  auto kernel = [match](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    return match(eval, {values[0], values[1]}, rows);
  };
  auto binding = NewBinding(context, arguments, Boolean(), types, kernel);
  if (!fold) {
    binding->sql = [escape](const std::vector<std::string>& texts) {
      std::string like = fmt::format("{} LIKE {}", texts[0], texts[1]);
      return escape == '\\' ? like : fmt::format("{} ESCAPE '{}'", like, escape);
    };
  }
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Like) {
  registry.Add({.name = "like",
                .usage = "True if the text matches a pattern, in which % stands for any characters and _ for one.",
                .example = "SELECT 'Spark' LIKE '%park'",
                .since = "1.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindLike(false, context, arguments);
                })});
  registry.Add({.name = "ilike",
                .usage = "Like LIKE, without regard to case.",
                .example = "SELECT ilike('Spark', '_PARK')",
                .since = "3.3.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindLike(true, context, arguments);
                })});
}

}  // namespace sluice::functions
