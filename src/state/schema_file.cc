// Text and binary forms of a store's schema and an operator's metadata.
#include "state/schema_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace sluice::state {
namespace {

using types::DataType;
using types::TypeId;

constexpr size_t kLongestPiece = 65535;  // of Java's writeUTF, in bytes

base::Error Damaged(const std::string& what) {
  return base::Error::Plain(base::ErrorKind::kIllegalState, what).WithDomain(base::ErrorDomain::kExternal, false);
}

// Java's modified UTF-8 differs from UTF-8 for NUL and for characters beyond the basic plane
// (surrogate pairs).
std::string ToModifiedUtf8(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c == 0) {
      out += "\xc0\x80";
    } else if (c >= 0xf0 && i + 3 < text.size()) {
      uint32_t code = (c & 7u) << 18 | (text[i + 1] & 63u) << 12 | (text[i + 2] & 63u) << 6 | (text[i + 3] & 63u);
      code -= 0x10000;
      for (uint32_t unit : {0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff)}) {
        out += static_cast<char>(0xe0 | unit >> 12);
        out += static_cast<char>(0x80 | (unit >> 6 & 63));
        out += static_cast<char>(0x80 | (unit & 63));
      }
      i += 3;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

std::string FromModifiedUtf8(std::string_view text) {
  std::string out;
  auto unit_at = [&](size_t i) -> uint32_t {
    return (text[i] & 15u) << 12 | (text[i + 1] & 63u) << 6 | (text[i + 2] & 63u);
  };
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c == 0xc0 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) == 0x80) {
      out += '\0';
      ++i;
    } else if (c == 0xed && i + 5 < text.size() && (text[i + 1] & 0x20) &&
               static_cast<unsigned char>(text[i + 3]) == 0xed) {
      uint32_t code = 0x10000 + ((unit_at(i) - 0xd800) << 10) + (unit_at(i + 3) - 0xdc00);
      out += static_cast<char>(0xf0 | (code >> 18 & 7));
      out += static_cast<char>(0x80 | (code >> 12 & 63));
      out += static_cast<char>(0x80 | (code >> 6 & 63));
      out += static_cast<char>(0x80 | (code & 63));
      i += 5;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

void WriteInt(int32_t value, std::string* out) {
  uint32_t big = __builtin_bswap32(static_cast<uint32_t>(value));
  out->append(reinterpret_cast<const char*>(&big), 4);
}

void WriteUtf(std::string_view modified, std::string* out) {
  out->push_back(static_cast<char>(modified.size() >> 8));
  out->push_back(static_cast<char>(modified.size() & 0xff));
  out->append(modified);
}

void WritePieces(const std::string& json, std::string* out) {
  std::string text = ToModifiedUtf8(json);
  std::vector<std::string_view> pieces;
  std::string_view rest = text;
  while (rest.size() > kLongestPiece) {
    size_t cut = kLongestPiece;
    while ((rest[cut] & 0xc0) == 0x80) --cut;  // not inside a character
    pieces.push_back(rest.substr(0, cut));
    rest.remove_prefix(cut);
  }
  pieces.push_back(rest);
  WriteInt(static_cast<int32_t>(pieces.size()), out);
  for (std::string_view piece : pieces) WriteUtf(piece, out);
}

std::string LayoutJson(const KeyLayout& layout) {
  switch (layout.kind) {
    case KeyLayout::Kind::kPrefix:
      return fmt::format(R"({{"keyStateEncoderType":"PrefixKeyScanStateEncoderSpec","numColsPrefixKey":{}}})",
                         layout.prefix_columns);
    case KeyLayout::Kind::kRange:
      return fmt::format(R"({{"keyStateEncoderType":"RangeKeyScanStateEncoderSpec","orderingOrdinals":[{}]}})",
                         fmt::join(layout.range_ordinals, ","));
    default:
      return R"({"keyStateEncoderType":"NoPrefixKeyStateEncoderSpec"})";
  }
}

KeyLayout ParseLayout(const std::string& text) {
  KeyLayout layout;
  try {
    auto parsed = nlohmann::json::parse(text);
    auto type = parsed.at("keyStateEncoderType").get<std::string>();
    if (type == "PrefixKeyScanStateEncoderSpec") {
      layout = {KeyLayout::Kind::kPrefix, parsed.at("numColsPrefixKey").get<int>(), {}};
    } else if (type == "RangeKeyScanStateEncoderSpec") {
      layout = {KeyLayout::Kind::kRange, 0, parsed.at("orderingOrdinals").get<std::vector<int>>()};
    } else if (type != "NoPrefixKeyStateEncoderSpec") {
      throw Damaged("Unknown layout of keys in a state schema file: " + type);
    }
  } catch (const nlohmann::json::exception&) {
    throw Damaged("Malformed layout of keys in a state schema file");
  }
  return layout;
}

// What stands where a family has no user's key.
constexpr std::string_view kNoUserKey = "{    }";

class Reader {
 public:
  explicit Reader(std::string_view file) : rest_(file) {}
  std::string Utf() {
    std::string_view size = Take(2);
    return FromModifiedUtf8(Take(static_cast<unsigned char>(size[0]) << 8 | static_cast<unsigned char>(size[1])));
  }
  uint32_t Int() {
    std::string_view bytes = Take(4);
    uint32_t value = 0;
    std::memcpy(&value, bytes.data(), 4);
    return __builtin_bswap32(value);
  }
  std::string Pieces() {
    uint32_t count = Int();
    std::string out;
    for (uint32_t i = 0; i < count; ++i) out += Utf();
    return out;
  }
  void Skip(size_t bytes) { Take(bytes); }

 private:
  std::string_view Take(size_t bytes) {
    if (bytes > rest_.size()) throw Damaged("The state schema file ends early");
    std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }
  std::string_view rest_;
};

std::string TypeText(const DataType& type) {
  switch (type.id()) {
    case TypeId::kDecimal:
      return fmt::format("DecimalType({},{})", type.precision(), type.scale());
    case TypeId::kTimestampNtz:
      return "TimestampNTZType";
    case TypeId::kArray:
      return fmt::format("ArrayType({},{})", SchemaText(*type.element()), type.contains_null());
    case TypeId::kMap:
      return fmt::format("MapType({},{},{})", SchemaText(*type.key()), SchemaText(*type.value()), type.contains_null());
    default: {
      std::string name = nlohmann::json::parse(type.Json()).get<std::string>();
      name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
      return name + "Type";
    }
  }
}

}  // namespace

std::string FormatSchemaFile(const StoreSchema& schema) {
  std::string out;
  WriteUtf("v2", &out);
  WritePieces(schema.key->Json(), &out);
  WritePieces(schema.value->Json(), &out);
  return out;
}

StoreSchema ParseSchemaFile(std::string_view file) {
  Reader reader(file);
  std::string first = reader.Utf();
  StoreSchema schema;
  if (first == "v2") {
    schema.key = types::ParseJsonType(reader.Pieces());
    schema.value = types::ParseJsonType(reader.Pieces());
  } else if (first == "v1") {
    schema.key = types::ParseJsonType(reader.Utf());
    schema.value = types::ParseJsonType(reader.Utf());
  } else {
    throw Damaged("Unknown version of a state schema file: " + first.substr(0, 16));
  }
  return schema;
}

std::string FormatFamilySchemaFile(const std::vector<ColumnFamily>& families) {
  std::string out;
  WriteUtf("v3", &out);
  WriteInt(static_cast<int32_t>(families.size()), &out);
  const std::string no_schema_id(2, '\0');
  for (const ColumnFamily& family : families) {
    WriteUtf(ToModifiedUtf8(family.name), &out);
    out += no_schema_id;
    WritePieces(family.schema.key->Json(), &out);
    out += no_schema_id;
    WritePieces(family.schema.value->Json(), &out);
    WritePieces(LayoutJson(family.layout), &out);
    WritePieces(family.user_key_schema ? family.user_key_schema->Json() : std::string(kNoUserKey), &out);
  }
  return out;
}

std::vector<ColumnFamily> ParseFamilySchemaFile(std::string_view file) {
  constexpr size_t kSchemaIdBytes = 2;
  Reader reader(file);
  std::string version = reader.Utf();
  if (version != "v3") throw Damaged("Unknown version of a state schema file: " + version.substr(0, 16));
  std::vector<ColumnFamily> families;
  for (uint32_t left = reader.Int(); left > 0; --left) {
    ColumnFamily family;
    family.name = reader.Utf();
    family.internal = family.name.starts_with('$');
    reader.Skip(kSchemaIdBytes);
    family.schema.key = types::ParseJsonType(reader.Pieces());
    reader.Skip(kSchemaIdBytes);
    family.schema.value = types::ParseJsonType(reader.Pieces());
    family.layout = ParseLayout(reader.Pieces());
    std::string user_key = reader.Pieces();
    if (user_key != kNoUserKey) family.user_key_schema = types::ParseJsonType(user_key);
    families.push_back(std::move(family));
  }
  return families;
}

bool SchemasCompatible(const DataType& now, const DataType& stored) {
  if (now.id() != stored.id()) return false;
  auto fits = [](bool now_nullable, bool stored_nullable) { return stored_nullable || !now_nullable; };
  switch (now.id()) {
    case TypeId::kArray:
      return fits(now.contains_null(), stored.contains_null()) && SchemasCompatible(*now.element(), *stored.element());
    case TypeId::kMap:
      return fits(now.contains_null(), stored.contains_null()) && SchemasCompatible(*now.key(), *stored.key()) &&
             SchemasCompatible(*now.value(), *stored.value());
    case TypeId::kStruct: {
      if (now.fields().size() != stored.fields().size()) return false;
      for (size_t i = 0; i < now.fields().size(); ++i) {
        const auto& a = now.fields()[i];
        const auto& b = stored.fields()[i];
        if (!fits(a.nullable, b.nullable) || !SchemasCompatible(*a.type, *b.type)) return false;
      }
      return true;
    }
    default:
      return now.Equals(stored, true);
  }
}

std::string SchemaText(const DataType& type) {
  if (!type.Is(TypeId::kStruct)) return TypeText(type);
  std::string out = "StructType(";
  for (size_t i = 0; i < type.fields().size(); ++i) {
    const auto& field = type.fields()[i];
    if (i) out += ",";
    out += fmt::format("StructField({},{},{})", field.name, SchemaText(*field.type), field.nullable);
  }
  return out + ")";
}

std::string FormatOperatorMetadata(const OperatorInfo& info) {
  auto quote = [](const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  bool second = !info.properties_json.empty();
  std::string out = fmt::format("{}\n{{\"operatorInfo\":{{\"operatorId\":{},\"operatorName\":{}}},\"stateStoreInfo\":[",
                                second ? "v2" : "v1", info.id, quote(info.name));
  for (size_t i = 0; i < info.stores.size(); ++i) {
    if (i) out += ",";
    out += fmt::format("{{\"storeName\":{},\"numColsPrefixKey\":{},\"numPartitions\":{}", quote(info.stores[i].name),
                       info.stores[i].prefix_columns, info.partitions);
    if (second) out += ",\"stateSchemaFilePaths\":" + nlohmann::json(info.stores[i].schema_files).dump();
    out += "}";
  }
  out += "]";
  if (second) out += ",\"operatorPropertiesJson\":" + quote(info.properties_json);
  return out + "}";
}

OperatorInfo ParseOperatorMetadata(std::string_view file) {
  size_t end = file.find('\n');
  if (end == std::string_view::npos || (file.substr(0, end) != "v1" && file.substr(0, end) != "v2")) {
    throw Damaged("Unknown version of operator metadata");
  }
  nlohmann::json parsed = nlohmann::json::parse(file.substr(end + 1), nullptr, false);
  OperatorInfo info;
  try {
    info.id = parsed.at("operatorInfo").at("operatorId").get<int64_t>();
    info.name = parsed.at("operatorInfo").at("operatorName").get<std::string>();
    for (const auto& store : parsed.at("stateStoreInfo")) {
      StoreInfo of_store;
      of_store.name = store.at("storeName").get<std::string>();
      of_store.prefix_columns = store.value("numColsPrefixKey", 0);
      info.partitions = store.value("numPartitions", 1);
      of_store.schema_files = store.value("stateSchemaFilePaths", std::vector<std::string>());
      info.stores.push_back(std::move(of_store));
    }
    info.properties_json = parsed.value("operatorPropertiesJson", "");
  } catch (const nlohmann::json::exception&) {
    throw Damaged("Malformed operator metadata");
  }
  return info;
}

}  // namespace sluice::state
