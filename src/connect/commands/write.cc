// df.write and df.writeTo.
#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {
namespace {

using Write = proto::WriteOperation;
using WriteV2 = proto::WriteOperationV2;

plan::SaveMode ToSaveMode(const Write& write) {
  switch (write.mode()) {
    case Write::SAVE_MODE_UNSPECIFIED:
    case Write::SAVE_MODE_ERROR_IF_EXISTS:
      return plan::SaveMode::kErrorIfExists;
    case Write::SAVE_MODE_APPEND:
      return plan::SaveMode::kAppend;
    case Write::SAVE_MODE_OVERWRITE:
      return plan::SaveMode::kOverwrite;
    case Write::SAVE_MODE_IGNORE:
      return plan::SaveMode::kIgnore;
    default:
      throw InvalidEnum(write, "mode");
  }
}

bool IsInsertInto(const Write::SaveTable& table) {
  switch (table.save_method()) {
    case Write::SaveTable::TABLE_SAVE_METHOD_SAVE_AS_TABLE:
      return false;
    case Write::SaveTable::TABLE_SAVE_METHOD_INSERT_INTO:
      return true;
    default:
      throw InvalidEnum(table, "save_method");
  }
}

// The names of plain columns; transforms such as years(ts) need a table format that the engine
// lacks.
std::vector<std::string> PartitionColumns(Translator& translator, const WriteV2& write) {
  std::vector<std::string> out;
  for (const auto& expression : translator.Expressions(write.partitioning_columns())) {
    const auto* attribute = expression->As<plan::UnresolvedAttribute>();
    if (!attribute || attribute->name.size() != 1) {
      throw base::Error::Unsupported("Partitioning by an expression (DataFrameWriterV2.partitionedBy)");
    }
    out.push_back(attribute->name[0]);
  }
  return out;
}

plan::CreateTable CreateFrom(Translator& translator, const WriteV2& write, bool replace) {
  plan::CreateTable out;
  out.name = ParseTableName(write.table_name());
  out.format = write.provider();
  out.options = ToOptions(write.options());
  out.properties = ToOptions(write.table_properties());
  out.partition_by = PartitionColumns(translator, write);
  out.as_select = translator.Relation(write.input());
  out.or_replace = replace;
  return out;
}

}  // namespace

plan::Command::Node ToPlan(Translator& translator, const Write& write) {
  if (write.clustering_columns_size() > 0) return plan::UnsupportedCommand{"DataFrameWriter.clusterBy"};
  if (write.with_schema_evolution()) return plan::UnsupportedCommand{"Writing with schema evolution"};
  plan::WriteOperation out;
  out.input = translator.Relation(write.input());
  out.format = write.source();
  out.mode = ToSaveMode(write);
  out.options = ToOptions(write.options());
  out.partition_by = ToVector(write.partitioning_columns());
  out.sort_by = ToVector(write.sort_column_names());
  out.bucket_by = write.has_bucket_by();
  if (write.has_table()) {
    out.table = ParseTableName(write.table().table_name());
    out.insert_into = IsInsertInto(write.table());
  } else {
    out.path = write.path();
  }
  return out;
}

plan::Command::Node ToPlan(Translator& translator, const WriteV2& write) {
  if (write.clustering_columns_size() > 0) return plan::UnsupportedCommand{"DataFrameWriterV2.clusterBy"};
  if (write.with_schema_evolution()) return plan::UnsupportedCommand{"Writing with schema evolution"};
  switch (write.mode()) {
    case WriteV2::MODE_CREATE:
      return CreateFrom(translator, write, false);
    case WriteV2::MODE_CREATE_OR_REPLACE:
      return CreateFrom(translator, write, true);
    case WriteV2::MODE_APPEND: {
      plan::InsertInto out;
      out.table = ParseTableName(write.table_name());
      out.query = translator.Relation(write.input());
      return out;
    }
    case WriteV2::MODE_REPLACE:
      return plan::UnsupportedCommand{"DataFrameWriterV2.replace"};
    case WriteV2::MODE_OVERWRITE:
      return plan::UnsupportedCommand{"DataFrameWriterV2.overwrite"};
    case WriteV2::MODE_OVERWRITE_PARTITIONS:
      return plan::UnsupportedCommand{"DataFrameWriterV2.overwritePartitions"};
    default:
      throw InvalidEnum(write, "mode");
  }
}

}  // namespace sluice::connect
