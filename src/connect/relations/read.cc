// Reading tables and data sources.
#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {
namespace {

types::TypePtr ReaderSchema(const std::string& text) {
  if (text.empty()) return nullptr;
  auto type = types::ParseSchemaText(text);
  if (!type->Is(types::TypeId::kStruct)) {
    throw InvalidPlan("INVALID_SCHEMA_NON_STRUCT_TYPE", {{"inputSchema", text}, {"dataType", type->SimpleString()}});
  }
  return type;
}

plan::DataSource ToDataSource(const proto::Read_DataSource& source, bool is_streaming) {
  if (source.predicates_size() > 0) {
    throw InvalidPlan("PREDICATES_NOT_SUPPORTED_FOR_DATA_SOURCE", {{"format", source.format()}});
  }
  if (source.has_source_name()) {
    throw base::Error::Unsupported("A named streaming source (" + source.source_name() + ")",
                                   "Leave out DataStreamReader.name");
  }
  if (is_streaming && source.paths_size() > 1) {
    throw InvalidPlan("MULTIPLE_PATHS_NOT_SUPPORTED_FOR_STREAMING_SOURCE");
  }
  plan::DataSource out;
  out.format = source.format();
  out.schema = ReaderSchema(source.schema());
  out.options = ToOptions(source.options());
  out.paths = ToVector(source.paths());
  out.is_streaming = is_streaming;
  return out;
}

}  // namespace

plan::Relation::Node ReadToPlan(const proto::Read& read) {
  switch (read.read_type_case()) {
    case proto::Read::kNamedTable:
      return plan::NamedTable{ParseTableName(read.named_table().unparsed_identifier()),
                              ToOptions(read.named_table().options()), read.is_streaming()};
    case proto::Read::kDataSource:
      return ToDataSource(read.data_source(), read.is_streaming());
    case proto::Read::READ_TYPE_NOT_SET:
      break;
  }
  throw OneofNotSet(read, "read_type");
}

}  // namespace sluice::connect
