// Canonical texts of plans.
#include "session/plan_key.h"

#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <fmt/format.h>

#include <cctype>
#include <functional>
#include <map>

#include "base/arrow_status.h"

namespace sluice::session {
namespace {

std::string RenumberIds(const std::string& text) {
  std::string out;
  std::map<std::string, size_t> numbers;
  for (size_t at = 0; at < text.size();) {
    out += text[at];
    if (text[at++] != '#') continue;
    size_t end = at;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end]))) ++end;
    if (end == at) continue;
    auto [entry, added] = numbers.emplace(text.substr(at, end - at), numbers.size());
    out += std::to_string(entry->second);
    at = end;
  }
  return out;
}

// "name#3" without the name.
std::string DropNames(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '#') {
      while (!out.empty() && (std::isalnum(static_cast<unsigned char>(out.back())) || out.back() == '_'))
        out.pop_back();
    }
    out += c;
  }
  return out;
}

}  // namespace

std::string SemanticKey(const logical::PlanPtr& plan) { return DropNames(PlanKey(plan)); }

std::string PlanKey(const logical::PlanPtr& plan) {
  std::string key = RenumberIds(logical::TreeString(plan));
  logical::Visit(plan, [&](const logical::PlanPtr& node) {
    if (const auto* data = node->As<logical::LocalData>()) {
      for (const auto& batch : data->batches) {
        auto bytes =
            base::ValueOrThrow(arrow::ipc::SerializeRecordBatch(*batch, arrow::ipc::IpcWriteOptions::Defaults()));
        key += fmt::format("\nlocal {:x}", std::hash<std::string_view>()(std::string_view(*bytes)));
      }
    } else if (const auto* memory = node->As<logical::InMemory>()) {
      key += fmt::format("\nmemory {}", static_cast<const void*>(memory->source.get()));
    } else if (const auto* stream = node->As<logical::StreamScan>()) {
      key += fmt::format("\nstream {}", static_cast<const void*>(stream->stream.get()));
    }
  });
  return key;
}

}  // namespace sluice::session
