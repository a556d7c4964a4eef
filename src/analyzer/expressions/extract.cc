// child.field and child[key], and structs with a field changed.
#include "analyzer/expression_resolver.h"
#include "functions/coercion.h"
#include "functions/extract_value.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprPtr;
using types::TypeId;

namespace {

std::string QuotedFieldNames(const types::DataType& type) {
  std::string out;
  for (const types::StructField& field : type.fields()) {
    out += (out.empty() ? "" : ", ") + types::QuoteIdentifier({field.name});
  }
  return out;
}

int FindField(const types::DataType& type, const std::string& name, const NameMatcher& names) {
  int found = -1, count = 0;
  for (size_t i = 0; i < type.fields().size(); ++i) {
    if (!names(type.fields()[i].name, name)) continue;
    if (++count == 1) found = static_cast<int>(i);
  }
  if (count > 1) {
    throw base::Error(ErrorKind::kAnalysis, "AMBIGUOUS_REFERENCE_TO_FIELDS",
                      {{"field", types::QuoteIdentifier({name})}, {"count", std::to_string(count)}});
  }
  if (count == 0) {
    throw base::Error(ErrorKind::kAnalysis, "FIELD_NOT_FOUND",
                      {{"fieldName", types::QuoteIdentifier({name})}, {"fields", QuotedFieldNames(type)}});
  }
  return found;
}

std::string FieldName(const ExprPtr& extraction) {
  const auto* literal = extraction->As<logical::LiteralExpr>();
  if (!literal || !literal->type->IsStringLike() || literal->literal.is_null()) {
    throw base::Error(ErrorKind::kAnalysis, "INVALID_EXTRACT_FIELD_TYPE", {{"extraction", QuotedSql(*extraction)}});
  }
  return literal->literal.ToString();
}

}  // namespace

ExprPtr StructField(const ExprPtr& child, int index, const std::string& shown_name) {
  auto binding = functions::BindStructField(child->type, child->nullable, index, shown_name);
  return std::make_shared<logical::ScalarCall>(binding, std::vector<ExprPtr>{child});
}

ExprPtr ExtractValue(const ExprPtr& given, const ExprPtr& extraction, const NameMatcher& names, bool ansi) {
  ExprPtr child = given->kind == logical::ExprKind::kAlias ? given->children[0] : given;
  const types::TypePtr& type = child->type;
  if (type->Is(TypeId::kStruct)) {
    std::string name = FieldName(extraction);
    return StructField(child, FindField(*type, name, names), name);
  }
  const auto* literal = extraction->As<logical::LiteralExpr>();
  bool by_name = literal && literal->type->IsStringLike();
  if (type->Is(TypeId::kArray) && type->element()->Is(TypeId::kStruct) && by_name) {
    std::string name = FieldName(extraction);
    auto binding =
        functions::BindArrayStructFields(type, child->nullable, FindField(*type->element(), name, names), name);
    return std::make_shared<logical::ScalarCall>(binding, std::vector<ExprPtr>{child});
  }
  if (type->Is(TypeId::kArray)) {
    ExprPtr index = extraction;
    if (!index->type->IsIntegral()) index = ImplicitCast(index, types::Integer(), ansi);
    auto binding = functions::BindArrayItem(type, index->type, ansi);
    return std::make_shared<logical::ScalarCall>(binding, std::vector<ExprPtr>{child, index});
  }
  if (type->Is(TypeId::kMap)) {
    types::TypePtr key_type = functions::FindTightestCommonType(type->key(), extraction->type, ansi);
    if (!key_type) key_type = type->key();
    ExprPtr map = child;
    if (!types::Equal(key_type, type->key(), true)) {
      map = ImplicitCast(child, types::Map(key_type, type->value(), type->contains_null()), ansi);
    }
    ExprPtr key = ImplicitCast(extraction, key_type, ansi);
    return std::make_shared<logical::ScalarCall>(functions::BindMapValue(map->type), std::vector<ExprPtr>{map, key});
  }
  throw base::Error(ErrorKind::kAnalysis, "INVALID_EXTRACT_BASE_FIELD_TYPE",
                    {{"base", QuotedSql(*child)}, {"other", QuotedType(*type)}});
}

ExprPtr ExpressionResolver::Node(const plan::ExtractValue& node) {
  return ExtractValue(Resolve(node.child), Resolve(node.extraction), resolver_.names(), resolver_.ansi());
}

ExprPtr ExpressionResolver::Node(const plan::UpdateFields& node) {
  ExprPtr base = Resolve(node.child);
  if (base->kind == logical::ExprKind::kAlias) base = base->children[0];
  std::vector<std::string> path = types::ParseAttributeName(node.field);
  if (!base->type->Is(TypeId::kStruct)) {
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                     {{"sqlExpr", "\"update_fields(" + base->Sql() + ")\""},
                      {"paramIndex", "first"},
                      {"requiredType", "\"STRUCT\""},
                      {"inputSql", QuotedSql(*base)},
                      {"inputType", QuotedType(*base->type)}}));
  }
  ExprPtr value = node.value ? Resolve(node.value) : nullptr;
  if (value && value->kind == logical::ExprKind::kAlias) value = value->children[0];
  return UpdateField(base, path, 0, value);
}

ExprPtr ExpressionResolver::UpdateField(const ExprPtr& base, const std::vector<std::string>& path, size_t at,
                                        const ExprPtr& value) {
  const auto& fields = base->type->fields();
  bool last = at + 1 == path.size();
  std::vector<ExprPtr> pairs;
  bool found = false;
  for (size_t i = 0; i < fields.size(); ++i) {
    ExprPtr field = StructField(base, static_cast<int>(i));
    std::string name = fields[i].name;
    if (resolver_.names()(name, path[at])) {
      found = true;
      if (last && !value) continue;
      name = value && last ? path[at] : name;
      if (!last && !field->type->Is(TypeId::kStruct)) {
        throw base::Error(ErrorKind::kAnalysis, "INVALID_EXTRACT_BASE_FIELD_TYPE",
                          {{"base", QuotedSql(*field)}, {"other", QuotedType(*field->type)}});
      }
      field = last ? value : UpdateField(field, path, at + 1, value);
    }
    pairs.push_back(logical::MakeLiteral(types::Literal::String(name)));
    pairs.push_back(std::move(field));
  }
  if (!found && !last) {
    throw base::Error(ErrorKind::kAnalysis, "FIELD_NOT_FOUND",
                      {{"fieldName", types::QuoteIdentifier({path[at]})}, {"fields", QuotedFieldNames(*base->type)}});
  }
  if (!found && value) {
    pairs.push_back(logical::MakeLiteral(types::Literal::String(path[at])));
    pairs.push_back(value);
  }
  if (pairs.empty()) {
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS",
                     {{"sqlExpr", "\"update_fields(" + base->Sql() + ", dropfield())\""}}));
  }
  ExprPtr rebuilt = Bind("named_struct", std::move(pairs));
  std::string shown = "update_fields(" + base->Sql() +
                      (value ? ", WithField(" + value->Sql() + ", " + path.back() + ")" : ", dropfield()") + ")";
  if (!base->nullable) {
    return std::make_shared<logical::LazyExpr>(
        logical::ExprKind::kCase, rebuilt->type, false,
        std::vector<ExprPtr>{logical::MakeLiteral(types::Literal::Boolean(true)), rebuilt}, shown);
  }
  ExprPtr none = logical::MakeLiteral(types::Literal::Null(rebuilt->type));
  return std::make_shared<logical::LazyExpr>(logical::ExprKind::kCase, rebuilt->type, true,
                                             std::vector<ExprPtr>{Bind("isnull", {base}), none, rebuilt}, shown);
}

}  // namespace sluice::analyzer
