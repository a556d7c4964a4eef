// listagg: texts joined by a delimiter.
#include <algorithm>

#include "functions/aggregate/grouped_values.h"
#include "functions/registry.h"
#include "functions/signature.h"
#include "functions/sort_keys.h"
#include "functions/writers.h"

namespace sluice::functions {

using types::TypeId;
using types::TypePtr;

namespace {

/// The keys of WITHIN GROUP for all rows, compared in turn.
class RowOrder {
 public:
  RowOrder(const GroupedRows& rows, const std::vector<TypePtr>& types, const std::vector<OrderKey>& orders)
      : orders_(orders) {
    for (size_t i = 0; i < orders.size(); ++i) {
      values_.emplace_back(rows.Values(i + 1));
      keys_.emplace_back(SortKeys(types[i + 1], rows.Values(i + 1)));
    }
  }
  bool operator()(int64_t a, int64_t b) const {
    for (size_t i = 0; i < orders_.size(); ++i) {
      bool a_null = !values_[i].valid(a), b_null = !values_[i].valid(b);
      if (a_null != b_null) return orders_[i].nulls_first ? a_null : b_null;
      int order = a_null ? 0 : keys_[i][a].compare(keys_[i][b]);
      if (order != 0) return orders_[i].ascending ? order < 0 : order > 0;
    }
    return false;
  }

 private:
  const std::vector<OrderKey>& orders_;
  std::vector<ColumnBase> values_;
  std::vector<Column<std::string_view>> keys_;
};

struct JoinedRule {
  std::vector<TypePtr> types;  ///< of the texts and the keys of their order
  std::string delimiter;
  std::vector<OrderKey> orders;
  size_t keys_at = 0;  ///< the first argument that is a key
};

/// In the order they come, or in that of WITHIN GROUP.
class Joined : public CollectingAccumulator {
 public:
  explicit Joined(JoinedRule rule) : CollectingAccumulator(rule.types), rule_(std::move(rule)) {}
  void Update(logical::EvalContext& context, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    arrow::ArrayVector columns = {arguments[0]};
    columns.insert(columns.end(), arguments.begin() + static_cast<std::ptrdiff_t>(rule_.keys_at), arguments.end());
    CollectingAccumulator::Update(context, columns, group_ids, rows);
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    Column<std::string_view> values(rows_.Values(0));
    RowOrder order(rows_, rule_.types, rule_.orders);
    TextWriter out(types::ToArrow(rule_.types[0]), rows_.groups());
    for (auto& group : rows_.Members()) {
      if (!rule_.orders.empty()) std::stable_sort(group.begin(), group.end(), order);
      for (size_t i = 0; i < group.size(); ++i) {
        if (i > 0) out.Append(rule_.delimiter);
        out.Append(values[group[i]]);
      }
      if (group.empty()) {
        out.EndRowAsNull();
      } else {
        out.EndRow();
      }
    }
    return out.Finish();
  }

 private:
  JoinedRule rule_;
};

std::string DelimiterOf(const BindContext& context, const Arguments& arguments, const TypePtr& type) {
  const Argument& delimiter = arguments[1];
  if (!delimiter.literal) {
    throw TypeMismatch(
        context, arguments, "NON_FOLDABLE_INPUT",
        {{"inputName", "`delimiter`"}, {"inputType", Quoted(*type)}, {"inputExpr", QuotedSql(delimiter.sql)}});
  }
  return delimiter.literal->is_null() ? "" : StringLiteral(delimiter);
}

std::string OrderSql(const std::vector<std::string>& texts, size_t first, const std::vector<OrderKey>& orders) {
  std::string out = " WITHIN GROUP (ORDER BY ";
  for (size_t i = 0; i < orders.size(); ++i) {
    out += (i > 0 ? ", " : "") + texts[first + i] + (orders[i].ascending ? " ASC" : " DESC") +
           (orders[i].nulls_first ? " NULLS FIRST" : " NULLS LAST");
  }
  return out + ")";
}

BindAggregate BindListAgg() {
  return [](const BindContext& context, const Arguments& all, bool distinct) {
    const std::vector<OrderKey>& orders = context.within_group;
    Arguments arguments(all.begin(), all.end() - static_cast<std::ptrdiff_t>(orders.size()));
    CheckCount(context, arguments, 1, 2);
    TypePtr type = arguments[0].type->Is(TypeId::kBinary) ? types::Binary() : types::String();
    JoinedRule rule{.types = {type}, .orders = orders, .keys_at = arguments.size()};
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->argument_types = Coerce(context, arguments, {type});
    if (arguments.size() == 2) rule.delimiter = DelimiterOf(context, arguments, type);
    for (size_t i = arguments.size(); i < all.size(); ++i) {
      if (distinct && all[i].sql != all[0].sql) {
        throw base::Error(base::ErrorKind::kAnalysis, "INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT",
                          {{"funcName", QuotedName(context)},
                           {"funcArg", QuotedSql(all[0].sql)},
                           {"orderingExpr", QuotedSql(all[i].sql)}});
      }
      rule.types.push_back(all[i].type);
      binding->argument_types.push_back(all[i].type);
    }
    binding->name = PrettyName(context);
    binding->type = type;
    binding->buffers = {{"buf", GroupedRows(rule.types).list_type(), true}};
    binding->make = [rule] { return std::make_unique<Joined>(rule); };
    binding->sql = [name = binding->name, rule](const std::vector<std::string>& texts) {
      std::string out = name + "(" + texts[0] + ", " + (rule.keys_at == 2 ? texts[1] : "NULL") + ")";
      return rule.orders.empty() ? out : out + OrderSql(texts, rule.keys_at, rule.orders);
    };
    return binding;
  };
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, ListAgg) {
  registry.Add({.name = "listagg",
                .aliases = {"string_agg"},
                .usage = "The values that are not null, joined by a delimiter.",
                .example = "SELECT listagg(a, ',') FROM VALUES ('a'), ('b') AS t(a)",
                .since = "4.0.0",
                .bind = BindListAgg(),
                .within_group = true});
}

}  // namespace sluice::functions
