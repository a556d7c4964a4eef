// The physical plan as text.
#include "exec/operator.h"

namespace sluice::exec {
namespace {

void Append(const Operator& node, const std::string& indent, const std::string& branch, const std::string& below,
            std::string* out) {
  *out += indent + branch + node.Describe() + "\n";
  auto children = node.Children();
  for (size_t i = 0; i < children.size(); ++i) {
    bool last = i + 1 == children.size();
    Append(*children[i], indent + below, last ? "+- " : ":- ", last ? "   " : ":  ", out);
  }
}

}  // namespace

std::string Explain(const Operator& root) {
  std::string text = "== Physical Plan ==\n";
  Append(root, "", "", "", &text);
  return text + "\n";
}

}  // namespace sluice::exec
