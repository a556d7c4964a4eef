// JSON of file log lines, with the messages of Spark's JSON library for lines that are damaged.
#include "checkpoint/file_log_entry.h"

#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace sluice::checkpoint {
namespace {

using Json = nlohmann::json;

base::Error Damaged(const std::string& message, const LogPosition& position, size_t column) {
  return base::Error::Plain(base::ErrorKind::kIllegalState, fmt::format("{}\n at [Source: {}; line: {}, column: {}]",
                                                                        message, position.file, position.line, column))
      .WithDomain(base::ErrorDomain::kExternal, false);
}

// The word that stands where a value was expected.
std::string WordAt(std::string_view line, size_t at) {
  size_t end = at;
  while (end < line.size() && (std::isalnum(static_cast<unsigned char>(line[end])) || line[end] == '_')) ++end;
  return std::string(line.substr(at, end - at));
}

Json ParseLine(std::string_view line, const LogPosition& position) {
  size_t start = line.find_first_not_of(" \t\r");
  if (start == std::string_view::npos) throw Damaged("No content to map due to end-of-input", position, 1);
  try {
    return Json::parse(line);
  } catch (const Json::parse_error& error) {
    size_t at = std::min(line.size(), error.byte > 0 ? error.byte - 1 : 0);
    if (error.byte > line.size()) {
      bool in_text = std::count(line.begin(), line.end(), '"') % 2 != 0;
      bool in_name = in_text && line.find_last_of("{,") > line.find_last_of(':') + 1;
      throw Damaged(in_name   ? "Unexpected end-of-input in field name"
                    : in_text ? "Unexpected end-of-input: was expecting closing quote for a string value"
                              : "Unexpected end-of-input within/between Object entries",
                    position, line.size() + 1);
    }
    std::string word = WordAt(line, start);
    if (!word.empty() && !std::isdigit(static_cast<unsigned char>(word[0]))) {
      throw Damaged(fmt::format("Unrecognized token '{}': was expecting (JSON String, Number, Array, Object or token "
                                "'null', 'true' or 'false')",
                                word),
                    position, start + 1);
    }
    throw Damaged(fmt::format("Unexpected character ('{}' (code {}))", line.substr(at, 1),
                              at < line.size() ? static_cast<unsigned char>(line[at]) : 0),
                  position, at + 1);
  }
}

const Json& Value(const Json& json, const char* name, const char* type, const LogPosition& position) {
  bool text = type == std::string_view("java.lang.String");
  if (json.is_object()) {
    auto found = json.find(name);
    if (found != json.end() && (text ? found->is_string() : found->is_number_integer())) return *found;
  }
  throw Damaged(fmt::format("No usable value for {}\nDid not find value which can be converted into {}", name, type),
                position, 1);
}

std::string TextOf(const Json& json, const char* name, const LogPosition& position) {
  return Value(json, name, "java.lang.String", position).get<std::string>();
}

int64_t NumberOf(const Json& json, const char* name, const LogPosition& position) {
  return Value(json, name, "long", position).get<int64_t>();
}

}  // namespace

SourceLogEntry ParseSourceLogEntry(std::string_view line, const LogPosition& position) {
  Json json = ParseLine(line, position);
  return {TextOf(json, "path", position), NumberOf(json, "timestamp", position), NumberOf(json, "batchId", position)};
}

SinkLogEntry ParseSinkLogEntry(std::string_view line, const LogPosition& position) {
  Json json = ParseLine(line, position);
  return {TextOf(json, "path", position), NumberOf(json, "size", position),
          NumberOf(json, "modificationTime", position), TextOf(json, "action", position) == "delete"};
}

std::string FormatLogEntry(const SourceLogEntry& entry) {
  return fmt::format(R"({{"path":{},"timestamp":{},"batchId":{}}})", Json(entry.path).dump(), entry.timestamp,
                     entry.batch);
}

std::string FormatLogEntry(const SinkLogEntry& entry) {
  return fmt::format(R"({{"path":{},"size":{},"isDir":false,"modificationTime":{},"blockReplication":1,)"
                     R"("blockSize":33554432,"action":"{}"}})",
                     Json(entry.path).dump(), entry.size, entry.modification_time, entry.deleted ? "delete" : "add");
}

}  // namespace sluice::checkpoint
