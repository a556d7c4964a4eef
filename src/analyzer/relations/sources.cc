// Leaves: data sources, tables, rows given in the plan, ranges.
#include <thread>

#include "analyzer/expression_resolver.h"
#include "analyzer/local_rows.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AttributeExpr;
using logical::Attributes;
using logical::PlanPtr;

namespace {

Attributes NewAttributes(const types::DataType& schema) {
  Attributes out;
  for (const types::StructField& field : schema.fields()) {
    out.push_back(std::make_shared<AttributeExpr>(field.name, field.type, field.nullable, logical::NextExprId(),
                                                  std::vector<std::string>{}, field.metadata));
  }
  return out;
}

std::vector<std::string> Names(const Attributes& attributes) {
  std::vector<std::string> out;
  for (const auto& attribute : attributes) out.push_back(attribute->name);
  return out;
}

// Two reads are the same if all that the user gave is.
std::string SourceKey(const plan::DataSource& node) {
  std::string key = node.format + '\0' + (node.is_streaming ? "s" : "b") + '\0';
  if (node.schema) key += node.schema->Json();
  for (const auto& [name, value] : node.options) key += '\0' + name + '=' + value;
  for (const std::string& path : node.paths) key += '\0' + path;
  return key;
}

// The rows' schema with the wanted names, or null if their types must be changed too.
types::TypePtr Renamed(const types::DataType& rows, const types::DataType& wanted) {
  std::vector<types::StructField> fields = rows.fields();
  if (fields.size() != wanted.fields().size()) return nullptr;
  for (size_t i = 0; i < fields.size(); ++i) {
    const types::StructField& field = wanted.fields()[i];
    if (!types::Equal(fields[i].type, field.type, /*ignore_nullability=*/true)) return nullptr;
    fields[i].name = field.name;
    fields[i].metadata = field.metadata;
  }
  return types::Struct(std::move(fields));
}

}  // namespace

PlanPtr Resolver::Node(const plan::DataSource& node) {
  std::string key = SourceKey(node);
  if (auto found = sources_.find(key); found != sources_.end()) return found->second;
  std::string format = node.format.empty() ? context_.conf->GetString("spark.sql.sources.default") : node.format;
  const connectors::DataSourceEntry& entry = context_.connectors->Get(format);
  connectors::ReadSpec spec{format, node.schema, node.options, node.paths, context_.conf.get()};
  PlanPtr plan;
  if (node.is_streaming) {
    if (!entry.read_stream) {
      throw base::Error(ErrorKind::kUnsupportedOperation, "_LEGACY_ERROR_TEMP_2049",
                        {{"className", format}, {"operator", "reading"}});
    }
    std::shared_ptr<connectors::StreamDefinition> stream = entry.read_stream(spec);
    Attributes output = NewAttributes(*stream->schema());
    std::vector<std::string> columns = Names(output);
    plan = std::make_shared<logical::StreamScan>(stream, std::move(output), std::move(columns));
  } else {
    if (!entry.read) {
      throw base::Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1135", {{"className", format}});
    }
    connectors::BatchTablePtr table = entry.read(spec);
    Attributes output = NewAttributes(*table->schema());
    std::vector<std::string> columns = Names(output);
    plan = std::make_shared<logical::Scan>(table, std::move(output), std::move(columns));
  }
  sources_[key] = plan;
  return plan;
}

PlanPtr Resolver::Node(const plan::Range& node) {
  if (node.step == 0) {
    throw base::Error::Plain(ErrorKind::kIllegalArgument, "requirement failed: step (0) cannot be 0");
  }
  auto id = std::make_shared<AttributeExpr>("id", types::Long(), false);
  int partitions = node.num_partitions.value_or(std::max(1u, std::thread::hardware_concurrency()));
  return std::make_shared<logical::RangePlan>(id, node.start, node.end, node.step, partitions);
}

PlanPtr Resolver::Node(const plan::LocalRelation& node) {
  LocalRows rows;
  if (node.data) {
    rows = ReadLocalRows(*node.data);
  } else {
    rows.schema = node.schema ? node.schema : types::Struct({});
    return std::make_shared<logical::LocalData>(NewAttributes(*rows.schema), rows.batches);
  }
  types::TypePtr schema = node.schema ? Renamed(*rows.schema, *node.schema) : rows.schema;
  if (schema) return std::make_shared<logical::LocalData>(NewAttributes(*schema), rows.batches);
  return ConformTo(std::make_shared<logical::LocalData>(NewAttributes(*rows.schema), rows.batches), node.schema);
}

PlanPtr Resolver::ConformTo(const PlanPtr& input, const types::TypePtr& schema) {
  const auto& fields = schema->fields();
  if (fields.size() != input->output.size()) {
    throw base::Error(
        ErrorKind::kAnalysis, "AXIS_LENGTH_MISMATCH",
        {{"expectedLength", std::to_string(input->output.size())}, {"actualLength", std::to_string(fields.size())}});
  }
  std::vector<logical::ExprPtr> columns;
  for (size_t i = 0; i < fields.size(); ++i) {
    logical::ExprPtr column = ImplicitCast(input->output[i], fields[i].type, ansi_);
    auto alias = std::make_shared<logical::AliasExpr>(column, fields[i].name, logical::NextExprId(),
                                                      fields[i].metadata == "{}" ? "" : fields[i].metadata);
    columns.push_back(alias);
  }
  return std::make_shared<logical::Project>(input, std::move(columns));
}

PlanPtr Resolver::Node(const plan::CachedRemoteRelation& node) {
  PlanPtr plan = context_.find_cached_relation ? context_.find_cached_relation(node.relation_id) : nullptr;
  if (!plan) {
    throw base::Error(ErrorKind::kSpark, "INVALID_HANDLE", {{"handle", node.relation_id}});
  }
  return plan;
}

PlanPtr Resolver::Node(const plan::CatalogCall& node) {
  if (!context_.run_catalog_call) throw base::Error::Unsupported("The catalog call " + node.name);
  return context_.run_catalog_call(node);
}

}  // namespace sluice::analyzer
