// df.show() and the HTML of notebooks.
#include "analyzer/resolver.h"

namespace sluice::analyzer {

logical::PlanPtr Resolver::Node(const plan::ShowString& node) {
  return std::make_shared<logical::ShowString>(StripHidden(Resolve(node.input)), node.num_rows, node.truncate,
                                               node.vertical, false);
}

logical::PlanPtr Resolver::Node(const plan::HtmlString& node) {
  return std::make_shared<logical::ShowString>(StripHidden(Resolve(node.input)), node.num_rows, node.truncate, false,
                                               true);
}

}  // namespace sluice::analyzer
