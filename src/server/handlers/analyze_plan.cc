// AnalyzePlan: what is known of a plan without running it, and a few other small questions.
#include <xxhash.h>

#include "connect/invalid_plan.h"
#include "connectors/spi/batch.h"
#include "server/decode_plan.h"
#include "server/handlers/handlers.h"
#include "server/handlers/unary.h"
#include "session/plan_key.h"

namespace sluice::server {
namespace {

using Request = spark::connect::AnalyzePlanRequest;
using Response = spark::connect::AnalyzePlanResponse;
using StorageLevel = session::Session::StorageLevel;

constexpr const char* kSparkVersion = "4.2.0";

std::string ModeName(const Request::Explain& explain) {
  switch (explain.explain_mode()) {
    case Request::Explain::EXPLAIN_MODE_SIMPLE:
      return "simple";
    case Request::Explain::EXPLAIN_MODE_EXTENDED:
      return "extended";
    case Request::Explain::EXPLAIN_MODE_CODEGEN:
      return "codegen";
    case Request::Explain::EXPLAIN_MODE_COST:
      return "cost";
    case Request::Explain::EXPLAIN_MODE_FORMATTED:
      return "formatted";
    default:
      throw base::Error::Plain(
          base::ErrorKind::kUnsupportedOperation,
          "Unknown Explain Mode " + Request::Explain::ExplainMode_Name(explain.explain_mode()) + "!");
  }
}

// The lines down to a level; every level is marked by one " |" or four blanks.
std::string TreeString(const types::DataType& schema, std::optional<int> level) {
  std::string tree = "root\n" + schema.TreeString();
  if (!level || *level <= 0) return tree;
  std::string out;
  for (size_t start = 0; start < tree.size();) {
    size_t end = std::min(tree.find('\n', start), tree.size() - 1);
    std::string_view line(tree.data() + start, end - start);
    size_t dashes = line.find("|-- ");
    if (dashes == std::string_view::npos || static_cast<int>(dashes - 1) / 4 < *level) out.append(line).append("\n");
    start = end + 1;
  }
  return out;
}

void AddInputFiles(const logical::PlanPtr& plan, std::vector<std::string>* out) {
  if (const auto* scan = plan->As<logical::Scan>()) {
    if (auto* table = dynamic_cast<connectors::BatchTable*>(scan->table.get())) {
      for (std::string& file : table->InputFiles()) out->push_back(std::move(file));
    }
  }
  for (const auto& child : plan->children) AddInputFiles(child, out);
}

std::vector<std::string> InputFiles(const logical::PlanPtr& plan) {
  std::vector<std::string> files;
  AddInputFiles(plan, &files);
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

StorageLevel ToLevel(const Request::Persist& persist) {
  if (!persist.has_storage_level()) return {true, true, false, true, 1};
  const auto& level = persist.storage_level();
  return {level.use_disk(), level.use_memory(), level.use_off_heap(), level.deserialized(), level.replication()};
}

void Fill(const StorageLevel& level, spark::connect::StorageLevel* out) {
  out->set_use_disk(level.use_disk);
  out->set_use_memory(level.use_memory);
  out->set_use_off_heap(level.use_off_heap);
  out->set_deserialized(level.deserialized);
  out->set_replication(level.replication);
}

logical::PlanPtr Analyze(session::Session& session, const spark::connect::Relation& relation) {
  return session.Analyze(connect::ToPlan(relation, ContextOf(session)));
}

std::string JsonToDdl(const std::string& json) {
  auto type = types::ParseJsonType(json);
  if (!type->Is(types::TypeId::kStruct)) {
    throw base::Error::Plain(base::ErrorKind::kIllegalArgument,
                             "The type " + type->SimpleString() + " is not a struct and has no DDL form.");
  }
  return type->Ddl();
}

void Answer(session::Session& session, const Request& request, Response* response) {
  switch (request.analyze_case()) {
    case Request::kSchema:
      *response->mutable_schema()->mutable_schema() =
          connect::ToProto(*AnalyzeRoot(session, request.schema().plan())->Schema());
      return;
    case Request::kExplain: {
      std::string mode = ModeName(request.explain());
      response->mutable_explain()->set_explain_string(
          session.Explain(TranslateRoot(session, request.explain().plan()), mode));
      return;
    }
    case Request::kTreeString: {
      std::optional<int> level;
      if (request.tree_string().has_level()) level = request.tree_string().level();
      auto schema = AnalyzeRoot(session, request.tree_string().plan())->Schema();
      response->mutable_tree_string()->set_tree_string(TreeString(*schema, level));
      return;
    }
    case Request::kIsLocal: {
      auto plan = AnalyzeRoot(session, request.is_local().plan());
      response->mutable_is_local()->set_is_local(plan->kind == logical::PlanKind::kLocalData);
      return;
    }
    case Request::kIsStreaming:
      response->mutable_is_streaming()->set_is_streaming(
          AnalyzeRoot(session, request.is_streaming().plan())->is_streaming);
      return;
    case Request::kInputFiles:
      response->mutable_input_files();
      for (std::string& file : InputFiles(AnalyzeRoot(session, request.input_files().plan()))) {
        response->mutable_input_files()->add_files(std::move(file));
      }
      return;
    case Request::kSparkVersion:
      response->mutable_spark_version()->set_version(kSparkVersion);
      return;
    case Request::kDdlParse:
      *response->mutable_ddl_parse()->mutable_parsed() =
          connect::ToProto(*types::ParseDdl(request.ddl_parse().ddl_string()));
      return;
    case Request::kJsonToDdl:
      response->mutable_json_to_ddl()->set_ddl_string(JsonToDdl(request.json_to_ddl().json_string()));
      return;
    case Request::kSameSemantics:
      response->mutable_same_semantics()->set_result(
          session::SemanticKey(AnalyzeRoot(session, request.same_semantics().target_plan())) ==
          session::SemanticKey(AnalyzeRoot(session, request.same_semantics().other_plan())));
      return;
    case Request::kSemanticHash: {
      std::string key = session::SemanticKey(AnalyzeRoot(session, request.semantic_hash().plan()));
      response->mutable_semantic_hash()->set_result(static_cast<int32_t>(XXH32(key.data(), key.size(), 42)));
      return;
    }
    case Request::kPersist:
      session.Persist(Analyze(session, request.persist().relation()), ToLevel(request.persist()));
      response->mutable_persist();
      return;
    case Request::kUnpersist:
      session.Unpersist(Analyze(session, request.unpersist().relation()));
      response->mutable_unpersist();
      return;
    case Request::kGetStorageLevel:
      Fill(session.GetStorageLevel(Analyze(session, request.get_storage_level().relation())),
           response->mutable_get_storage_level()->mutable_storage_level());
      return;
    case Request::ANALYZE_NOT_SET:
      break;
  }
  throw connect::InvalidPlan("UNKNOWN_ANALYZE_METHOD", {{"other", "ANALYZE_NOT_SET"}});
}

}  // namespace

RpcHandler AnalyzePlanHandler(ServerState& state) {
  return UnaryHandler<Request, Response>(state, [&state](const Request& request) {
    SessionHolderPtr holder = SessionOf(state, request);
    Response response;
    SetSession(holder->session(), &response);
    Answer(holder->session(), request, &response);
    return response;
  });
}

}  // namespace sluice::server
