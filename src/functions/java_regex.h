// Java's regular expressions on PCRE2.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;

namespace sluice::functions {

/// A compiled pattern with room for one match; one per thread.
class JavaRegex {
 public:
  /// Throws INVALID_PARAMETER_VALUE.PATTERN, in the name of `function`, if the pattern is malformed.
  JavaRegex(std::string_view pattern, const std::string& function);
  JavaRegex(JavaRegex&&) noexcept;
  JavaRegex& operator=(JavaRegex&&) noexcept;
  ~JavaRegex();

  /// True if the pattern occurs at or after byte `from`.
  bool Find(std::string_view text, size_t from = 0);
  /// Of the last match: bytes of a group; npos/npos if it took no part.
  size_t start(int group = 0) const;
  size_t end(int group = 0) const;
  std::string_view Group(std::string_view text, int group) const;
  int group_count() const { return group_count_; }
  /// The number of a named group, -1 if there is none.
  int GroupNumber(std::string_view name) const;

 private:
  pcre2_real_code_8* code_ = nullptr;
  pcre2_real_match_data_8* match_ = nullptr;
  int group_count_ = 0;
};

/// Keeps the compiled form of the pattern used last: a constant pattern is compiled once a batch.
class RegexCache {
 public:
  explicit RegexCache(std::string function) : function_(std::move(function)) {}
  JavaRegex& Get(std::string_view pattern) {
    if (!regex_ || pattern != pattern_) {
      regex_ = std::make_unique<JavaRegex>(pattern, function_);
      pattern_ = pattern;
    }
    return *regex_;
  }

 private:
  std::string function_;
  std::string pattern_;
  std::unique_ptr<JavaRegex> regex_;
};

/// Appends the replacement of the last match: $1, ${name} and \x as in Matcher.appendReplacement.
void AppendReplacement(const JavaRegex& regex, std::string_view text, std::string_view replacement, std::string* out);

}  // namespace sluice::functions
