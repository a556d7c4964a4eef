// Expressions that carry the SQL text they came from.
#include "logical/origin.h"

#include <typeinfo>

namespace sluice::logical {
namespace {

struct HasOrigin {
  virtual ~HasOrigin() = default;
  base::QueryContextPtr origin;
};

template <typename Node>
struct Originated final : Node, HasOrigin {
  Originated(const Node& node, base::QueryContextPtr from) : Node(node) { origin = std::move(from); }
  ExprPtr WithChildren(std::vector<ExprPtr> new_children) const override {
    return WithOrigin(Node::WithChildren(std::move(new_children)), origin);
  }
};

}  // namespace

ExprPtr WithOrigin(const ExprPtr& expr, const base::QueryContextPtr& origin) {
  if (!origin || OriginOf(*expr)) return expr;
  if (const auto* call = expr->As<ScalarCall>()) {
    // A call of a kind of its own (a time window) would lose what makes it that.
    return typeid(*call) == typeid(ScalarCall) ? std::make_shared<Originated<ScalarCall>>(*call, origin) : expr;
  }
  if (const auto* subquery = expr->As<SubqueryExpr>()) {
    return std::make_shared<Originated<SubqueryExpr>>(*subquery, origin);
  }
  const auto* cast = expr->As<CastExpr>();
  return cast && !cast->implicit ? std::make_shared<Originated<CastExpr>>(*cast, origin) : expr;
}

base::QueryContextPtr OriginOf(const Expr& expr) {
  const auto* has_origin = dynamic_cast<const HasOrigin*>(&expr);
  return has_origin ? has_origin->origin : nullptr;
}

}  // namespace sluice::logical
