// Translation of Java's pattern syntax to PCRE2, and matching.
#include "functions/java_regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <map>

#include "base/error.h"

namespace sluice::functions {
namespace {

/// \p{…} classes that PCRE2 knows under another name. Java's are for ASCII.
const std::map<std::string, std::string, std::less<>>& PosixClasses() {
  static const std::map<std::string, std::string, std::less<>> kClasses = {
      {"Lower", "a-z"},
      {"Upper", "A-Z"},
      {"ASCII", "\\x00-\\x7F"},
      {"Alpha", "a-zA-Z"},
      {"Digit", "0-9"},
      {"Alnum", "a-zA-Z0-9"},
      {"Punct", "!-/:-@\\[-`{-~"},
      {"Graph", "!-~"},
      {"Print", " -~"},
      {"Blank", " \\t"},
      {"Cntrl", "\\x00-\\x1F\\x7F"},
      {"XDigit", "0-9a-fA-F"},
      {"Space", " \\t\\n\\x0B\\f\\r"},
      {"javaLowerCase", "\\p{Ll}"},
      {"javaUpperCase", "\\p{Lu}"},
      {"javaWhitespace", "\\s"},
      {"IsAlphabetic", "\\p{L}\\p{Nl}"},
      {"IsLetter", "\\p{L}"},
      {"IsDigit", "\\p{Nd}"},
      {"IsUppercase", "\\p{Lu}"},
      {"IsLowercase", "\\p{Ll}"},
      {"IsPunctuation", "\\p{P}"},
      {"IsWhite_Space", "\\s"},
  };
  return kClasses;
}

class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  std::string Run() {
    while (at_ < pattern_.size()) {
      char c = pattern_[at_];
      if (c == '\\') {
        Escape();
      } else if (c == '[') {
        // Java nests classes: [a[bc]] is a union.
        ++depth_;
        out_ += depth_ == 1 ? "[" : "";
        ++at_;
        if (depth_ == 1) StartClass();
      } else if (c == ']' && depth_ > 0) {
        --depth_;
        out_ += depth_ == 0 ? "]" : "";
        ++at_;
      } else {
        out_ += c;
        ++at_;
      }
    }
    return std::move(out_);
  }

 private:
  /// ^ and a ] that stands for itself cannot come first in Java without an escape, only ^ matters here.
  void StartClass() {
    if (at_ < pattern_.size() && pattern_[at_] == '^') {
      out_ += '^';
      ++at_;
    }
  }

  void Escape() {
    if (at_ + 1 >= pattern_.size()) {
      out_ += pattern_.substr(at_);
      at_ = pattern_.size();
      return;
    }
    char next = pattern_[at_ + 1];
    if ((next == 'p' || next == 'P') && at_ + 2 < pattern_.size() && pattern_[at_ + 2] == '{')
      return Property(next == 'P');
    if (next == 'u' && at_ + 5 < pattern_.size()) {
      out_ += "\\x{" + std::string(pattern_.substr(at_ + 2, 4)) + "}";
      at_ += 6;
      return;
    }
    if (next == 'Q') return Quote();
    if (next == 'z') {
      out_ += "\\z";
    } else {
      out_ += pattern_.substr(at_, 2);
    }
    at_ += 2;
  }

  /// \Q…\E: every character is escaped, so that it works inside classes, too.
  void Quote() {
    at_ += 2;
    size_t end = pattern_.find("\\E", at_);
    std::string_view quoted = pattern_.substr(at_, end == std::string_view::npos ? end : end - at_);
    for (char c : quoted) {
      bool word = std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80 || c == '_';
      if (!word) out_ += '\\';
      out_ += c;
    }
    at_ = end == std::string_view::npos ? pattern_.size() : end + 2;
  }

  void Property(bool negated) {
    size_t close = pattern_.find('}', at_);
    if (close == std::string_view::npos) {
      out_ += pattern_.substr(at_);
      at_ = pattern_.size();
      return;
    }
    std::string name(pattern_.substr(at_ + 3, close - at_ - 3));
    at_ = close + 1;
    auto found = PosixClasses().find(name);
    if (found != PosixClasses().end() && !(negated && depth_ > 0)) {
      if (depth_ > 0) {
        out_ += found->second;
      } else {
        out_ += (negated ? "[^" : "[") + found->second + "]";
      }
      return;
    }
    // \p{IsLatin}, \p{InGreek}: PCRE2 has scripts without the prefix.
    if (name.size() > 2 && name.starts_with("Is")) name = name.substr(2);
    out_ += std::string(negated ? "\\P{" : "\\p{") + name + "}";
  }

  std::string_view pattern_;
  size_t at_ = 0;
  int depth_ = 0;
  std::string out_;
};

}  // namespace

JavaRegex::JavaRegex(std::string_view pattern, const std::string& function) {
  std::string translated = Translator(pattern).Run();
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_compile_context* context = pcre2_compile_context_create(nullptr);
  pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
  // Text that is no UTF-8 is matched as it is, never refused.
  code_ = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                        PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error, &offset, context);
  pcre2_compile_context_free(context);
  if (!code_) {
    throw base::Error(base::ErrorKind::kRuntime, "INVALID_PARAMETER_VALUE.PATTERN",
                      {{"parameter", "`regexp`"},
                       {"functionName", "`" + function + "`"},
                       {"value", "'" + std::string(pattern) + "'"}});
  }
  pcre2_jit_compile(code_, PCRE2_JIT_COMPLETE);
  match_ = pcre2_match_data_create_from_pattern(code_, nullptr);
  uint32_t groups = 0;
  pcre2_pattern_info(code_, PCRE2_INFO_CAPTURECOUNT, &groups);
  group_count_ = static_cast<int>(groups);
}

JavaRegex::JavaRegex(JavaRegex&& other) noexcept
    : code_(std::exchange(other.code_, nullptr)),
      match_(std::exchange(other.match_, nullptr)),
      group_count_(other.group_count_) {}

JavaRegex& JavaRegex::operator=(JavaRegex&& other) noexcept {
  std::swap(code_, other.code_);
  std::swap(match_, other.match_);
  std::swap(group_count_, other.group_count_);
  return *this;
}

JavaRegex::~JavaRegex() {
  pcre2_match_data_free(match_);
  pcre2_code_free(code_);
}

bool JavaRegex::Find(std::string_view text, size_t from) {
  static constexpr char kEmpty[] = "";
  const char* data = text.empty() ? kEmpty : text.data();
  return pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(data), text.size(), from, 0, match_, nullptr) > 0;
}

size_t JavaRegex::start(int group) const { return pcre2_get_ovector_pointer(match_)[2 * group]; }
size_t JavaRegex::end(int group) const { return pcre2_get_ovector_pointer(match_)[2 * group + 1]; }

std::string_view JavaRegex::Group(std::string_view text, int group) const {
  size_t first = start(group);
  if (first == PCRE2_UNSET) return {};
  return text.substr(first, end(group) - first);
}

int JavaRegex::GroupNumber(std::string_view name) const {
  int number = pcre2_substring_number_from_name(code_, reinterpret_cast<PCRE2_SPTR>(std::string(name).c_str()));
  return number < 0 ? -1 : number;
}

void AppendReplacement(const JavaRegex& regex, std::string_view text, std::string_view replacement, std::string* out) {
  for (size_t i = 0; i < replacement.size(); ++i) {
    char c = replacement[i];
    if (c == '\\') {
      if (++i == replacement.size()) {
        throw base::Error::Plain(base::ErrorKind::kIllegalArgument, "character to be escaped is missing");
      }
      *out += replacement[i];
      continue;
    }
    if (c != '$') {
      *out += c;
      continue;
    }
    if (++i == replacement.size()) {
      throw base::Error::Plain(base::ErrorKind::kIllegalArgument, "Illegal group reference: group index is missing");
    }
    int group = 0;
    if (replacement[i] == '{') {
      size_t close = replacement.find('}', i);
      std::string name(replacement.substr(i + 1, close == std::string_view::npos ? close : close - i - 1));
      group = close == std::string_view::npos ? -1 : regex.GroupNumber(name);
      if (group < 0) throw base::Error::Plain(base::ErrorKind::kIllegalArgument, "No group with name {" + name + "}");
      i = close;
    } else {
      if (replacement[i] < '0' || replacement[i] > '9') {
        throw base::Error::Plain(base::ErrorKind::kIllegalArgument, "Illegal group reference");
      }
      group = replacement[i] - '0';
      if (group > regex.group_count()) {
        throw base::Error::Plain(base::ErrorKind::kArrayIndexOutOfBounds, "No group " + std::to_string(group));
      }
      // More digits belong to the group as long as such a group exists.
      while (i + 1 < replacement.size() && replacement[i + 1] >= '0' && replacement[i + 1] <= '9') {
        int longer = group * 10 + (replacement[i + 1] - '0');
        if (longer > regex.group_count()) break;
        group = longer;
        ++i;
      }
    }
    out->append(regex.Group(text, group));
  }
}

}  // namespace sluice::functions
