// Default values of fields: JSON → Avro bytes.
#include <nlohmann/json.hpp>

#include "formats/avro/avro_decoder.h"
#include "formats/avro/avro_wire.h"

namespace sluice::formats {

using Json = nlohmann::ordered_json;

namespace {

constexpr int kMaxDepth = 200;

class DefaultEncoder {
 public:
  explicit DefaultEncoder(std::string* out) : out_(*out) {}

  bool Encode(const AvroSchema& schema, const Json& json, int depth = 0) {
    if (depth > kMaxDepth || --values_left_ < 0 || out_.size() > kMostBytes) return false;
    switch (schema.kind) {
      case AvroKind::kNull:
        return json.is_null();
      case AvroKind::kBoolean:
        if (json.is_boolean()) out_ += static_cast<char>(json.get<bool>());
        return json.is_boolean();
      case AvroKind::kInt:
      case AvroKind::kLong:
        return Whole(schema, json);
      case AvroKind::kFloat:
        if (json.is_number()) AppendAvroFloating(json.get<float>(), &out_);
        return json.is_number();
      case AvroKind::kDouble:
        if (json.is_number()) AppendAvroFloating(json.get<double>(), &out_);
        return json.is_number();
      case AvroKind::kString:
      case AvroKind::kBytes:
      case AvroKind::kFixed:
        return Text(schema, json);
      case AvroKind::kEnum:
        return Enum(schema, json);
      case AvroKind::kArray:
      case AvroKind::kMap:
        return Items(schema, json, depth);
      case AvroKind::kUnion:
        return Union(schema, json, depth);
      case AvroKind::kRecord:
        return Record(schema, json, depth);
    }
    return false;
  }

 private:
  bool Whole(const AvroSchema& schema, const Json& json) {
    if (!json.is_number_integer()) return false;
    auto value = json.get<int64_t>();
    if (schema.Is(AvroKind::kInt) && value != static_cast<int32_t>(value)) return false;
    AppendAvroLong(value, &out_);
    return true;
  }

  /// Bytes are given as a text of the characters U+0000 to U+00FF.
  static std::string Latin1(const std::string& text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
      auto byte = static_cast<unsigned char>(text[i]);
      if (byte >= 0xc0 && i + 1 < text.size()) {
        bool known = byte < 0xc4;
        out += known ? static_cast<char>(byte << 6 | (text[i + 1] & 0x3f)) : '?';
        ++i;
        while (i + 1 < text.size() && (text[i + 1] & 0xc0) == 0x80) ++i;
      } else {
        out += static_cast<char>(byte);
      }
    }
    return out;
  }

  bool Text(const AvroSchema& schema, const Json& json) {
    if (!json.is_string()) return false;
    auto text = json.get<std::string>();
    if (!schema.Is(AvroKind::kString)) text = Latin1(text);
    if (schema.Is(AvroKind::kFixed)) {
      text.resize(static_cast<size_t>(schema.size));
    } else {
      AppendAvroLong(static_cast<int64_t>(text.size()), &out_);
    }
    out_ += text;
    return true;
  }

  bool Enum(const AvroSchema& schema, const Json& json) {
    if (!json.is_string()) return false;
    for (size_t i = 0; i < schema.symbols.size(); ++i) {
      if (schema.symbols[i] != json.get<std::string>()) continue;
      AppendAvroLong(static_cast<int64_t>(i), &out_);
      return true;
    }
    return false;
  }

  bool Items(const AvroSchema& schema, const Json& json, int depth) {
    bool map = schema.Is(AvroKind::kMap);
    if (map ? !json.is_object() : !json.is_array()) return false;
    if (!json.empty()) AppendAvroLong(static_cast<int64_t>(json.size()), &out_);
    for (const auto& item : json.items()) {
      if (map) {
        AppendAvroLong(static_cast<int64_t>(item.key().size()), &out_);
        out_ += item.key();
      }
      if (!Encode(*schema.child(), item.value(), depth + 1)) return false;
    }
    AppendAvroLong(0, &out_);
    return true;
  }

  /// The first branch that takes the value.
  bool Union(const AvroSchema& schema, const Json& json, int depth) {
    size_t start = out_.size();
    for (size_t i = 0; i < schema.children.size(); ++i) {
      AppendAvroLong(static_cast<int64_t>(i), &out_);
      if (Encode(*schema.children[i], json, depth + 1)) return true;
      out_.resize(start);
    }
    return false;
  }

  bool Record(const AvroSchema& schema, const Json& json, int depth) {
    if (!json.is_object()) return false;
    for (const AvroField& field : schema.fields) {
      auto given = json.find(field.name);
      if (given != json.end()) {
        if (!Encode(*field.schema, *given, depth + 1)) return false;
      } else if (!field.default_json || !Encode(*field.schema, Json::parse(*field.default_json), depth + 1)) {
        return false;
      }
    }
    return true;
  }

  static constexpr size_t kMostBytes = 16 << 20;
  std::string& out_;
  int values_left_ = 1000000;
};

}  // namespace

bool EncodeAvroDefault(const AvroSchema& schema, const std::string& json, std::string* out) {
  return DefaultEncoder(out).Encode(schema, Json::parse(json));
}

}  // namespace sluice::formats
