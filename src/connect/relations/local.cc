// Rows that come with the plan: createDataFrame, range, and parsing of a frame of strings.
#include "connect/arrow_ipc.h"
#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {
namespace {

types::TypePtr LocalSchema(const std::string& text) {
  auto type = types::ParseSchemaText(text);
  if (!type->Is(types::TypeId::kStruct)) {
    throw InvalidPlan("INVALID_SCHEMA_NON_STRUCT_TYPE", {{"inputSchema", text}, {"dataType", type->SimpleString()}});
  }
  return type;
}

std::string FindBlob(const Translator& translator, const std::string& hash) {
  const auto& context = translator.context();
  if (context.find_blob) {
    if (auto found = context.find_blob(hash)) return *std::move(found);
  }
  throw InvalidPlan("NOT_FOUND_CHUNKED_CACHED_LOCAL_RELATION", {{"hash", hash}, {"sessionUUID", context.session_uuid}});
}

}  // namespace

plan::Relation::Node ToPlan(Translator&, const proto::LocalRelation& local) {
  plan::LocalRelation out;
  if (local.has_schema() && !local.schema().empty()) out.schema = LocalSchema(local.schema());
  if (local.has_data()) out.data = DecodeIpcStream(local.data());
  if (!out.data && !out.schema) throw InvalidPlan("SCHEMA_REQUIRED_FOR_LOCAL_RELATION");
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::ChunkedCachedLocalRelation& cached) {
  if (cached.datahashes_size() == 0) throw InvalidPlan("CHUNKED_CACHED_LOCAL_RELATION_WITHOUT_DATA");
  plan::LocalRelation out;
  if (cached.has_schemahash()) out.schema = LocalSchema(FindBlob(translator, cached.schemahash()));
  std::vector<std::shared_ptr<arrow::Table>> chunks;
  for (const auto& hash : cached.datahashes()) chunks.push_back(DecodeIpcStream(FindBlob(translator, hash)));
  out.data = JoinTables(chunks);
  return out;
}

plan::Relation::Node ToPlan(Translator&, const proto::Range& range) {
  plan::Range out;
  out.start = range.start();
  out.end = range.end();
  out.step = range.step();
  if (range.has_num_partitions()) out.num_partitions = range.num_partitions();
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::Parse& parse) {
  plan::Parse out;
  switch (parse.format()) {
    case proto::Parse::PARSE_FORMAT_CSV:
      out.format = "csv";
      break;
    case proto::Parse::PARSE_FORMAT_JSON:
      out.format = "json";
      break;
    case proto::Parse::PARSE_FORMAT_XML:
      out.format = "xml";
      break;
    default:
      throw InvalidEnum(parse, "format");
  }
  out.input = translator.Relation(parse.input());
  if (parse.has_schema()) {
    out.schema = ToType(parse.schema());
    if (!out.schema->Is(types::TypeId::kStruct)) {
      throw InvalidPlan("INVALID_SCHEMA_NON_STRUCT_TYPE",
                        {{"inputSchema", out.schema->SimpleString()}, {"dataType", out.schema->SimpleString()}});
    }
  }
  out.options = ToOptions(parse.options());
  return out;
}

}  // namespace sluice::connect
