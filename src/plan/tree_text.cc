// Fields of plan nodes as text; absent ones are left out.
#include "plan/tree_text.h"

#include <fmt/format.h>

namespace sluice::plan {
namespace {

std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "'";
}

template <typename List, typename Print>
std::string Joined(const List& list, Print print) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : ", ") + print(item);
  return "[" + out + "]";
}

}  // namespace

TreeText& TreeText::Add(std::string_view name, const std::string& value) {
  line_ += name.empty() ? " " + value : fmt::format(" {}={}", name, value);
  return *this;
}

TreeText& TreeText::Text(std::string_view name, const std::string& value) {
  return value.empty() ? *this : Add(name, Quoted(value));
}

TreeText& TreeText::Flag(std::string_view name, bool value) {
  if (value) line_ += fmt::format(" {}", name);
  return *this;
}

TreeText& TreeText::Number(std::string_view name, double value) { return Add(name, fmt::format("{}", value)); }

TreeText& TreeText::Name(std::string_view name, const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ".") + types::QuoteIfNeeded(part);
  return parts.empty() ? *this : Add(name, out);
}

TreeText& TreeText::Names(std::string_view name, const std::vector<std::string>& names) {
  return names.empty() ? *this : Add(name, Joined(names, types::QuoteIfNeeded));
}

TreeText& TreeText::Type(std::string_view name, const types::TypePtr& type) {
  return type ? Add(name, type->Json()) : *this;
}

TreeText& TreeText::Map(std::string_view name, const Options& options) {
  if (options.empty()) return *this;
  return Add(name, Joined(options, [](const auto& entry) { return entry.first + "=" + Quoted(entry.second); }));
}

TreeText& TreeText::Expr(std::string_view name, const ExpressionPtr& expression) {
  return expression ? Add(name, ToString(*expression)) : *this;
}

TreeText& TreeText::Exprs(std::string_view name, const std::vector<ExpressionPtr>& expressions) {
  return Add(name, Joined(expressions, [](const ExpressionPtr& e) { return ToString(*e); }));
}

TreeText& TreeText::Orders(std::string_view name, const std::vector<SortOrder>& orders) {
  return Add(name, Joined(orders, [](const SortOrder& order) { return ToString(*Make(order)); }));
}

TreeText& TreeText::Input(const RelationPtr& input) {
  if (!input) return *this;
  std::string text = ToString(*input);
  for (size_t start = 0; start < text.size();) {
    size_t end = text.find('\n', start);
    inputs_ += "  " + text.substr(start, end - start) + "\n";
    if (end == std::string::npos) break;
    start = end + 1;
  }
  return *this;
}

}  // namespace sluice::plan
