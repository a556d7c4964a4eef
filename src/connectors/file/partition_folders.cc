// Types of partition columns by Spark's PartitioningUtils, and values out of folder names.
#include "connectors/file/partition_folders.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/path_uri.h"
#include "formats/number_parser.h"

namespace sluice::connectors {
namespace {

using types::TypeId;
using types::TypePtr;

std::string FolderOf(const ListedFile& file) { return file.path.substr(0, file.path.rfind('/')); }

bool Digits(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '0' ? !digit : text[i] != shape[i]) return false;
  }
  return true;
}

bool LooksLikeTimestamp(std::string_view text) {
  return Digits(text, "0000-00-00 00:00:00") || Digits(text, "0000-00-00 00:00:00.0");
}

TypePtr InferType(const std::string& value) {
  if (value == kNullPartition) return types::Null();
  int32_t integer = 0;
  int64_t number = 0;
  double real = 0;
  int precision = 0, scale = 0;
  if (formats::ParseInteger(value.data(), value.size(), &integer)) return types::Integer();
  if (formats::ParseInteger(value.data(), value.size(), &number)) return types::Long();
  if (formats::DecimalShape(value, &precision, &scale) && scale <= 0 && precision - scale <= 38) {
    return types::Decimal(precision - scale, 0);
  }
  if (formats::ParseDouble(value.data(), value.size(), &real)) return types::Double();
  std::string text = base::DecodePath(value);
  if (LooksLikeTimestamp(text) && types::ParseTimestamp(text, types::TimeZone::Utc())) return types::Timestamp();
  if (Digits(value, "0000-00-00") && types::ParseDate(value)) return types::Date();
  return types::String();
}

// findWiderTypeForPartitionColumn: no loss of digits, else a string.
TypePtr Wider(const TypePtr& a, const TypePtr& b) {
  if (types::Equal(a, b)) return a;
  if (a->Is(TypeId::kNull)) return b;
  if (b->Is(TypeId::kNull)) return a;
  auto either = [&](TypeId one, TypeId other) { return (a->Is(one) && b->Is(other)) || (a->Is(other) && b->Is(one)); };
  if (either(TypeId::kInteger, TypeId::kLong)) return types::Long();
  if (either(TypeId::kInteger, TypeId::kDouble)) return types::Double();
  if (either(TypeId::kDate, TypeId::kTimestamp)) return types::Timestamp();
  auto digits = [](const TypePtr& type) {
    if (type->Is(TypeId::kDecimal)) return type->precision();
    return type->Is(TypeId::kInteger) ? 10 : type->Is(TypeId::kLong) ? 20 : 0;
  };
  if ((a->Is(TypeId::kDecimal) || b->Is(TypeId::kDecimal)) && digits(a) > 0 && digits(b) > 0) {
    return types::Decimal(std::max(digits(a), digits(b)), 0);
  }
  return types::String();
}

struct Folder {
  std::string path;
  std::string base;  ///< the folder above the first column
  std::vector<std::pair<std::string, std::string>> values;
};

std::vector<Folder> DistinctFolders(const std::vector<ListedFile>& files) {
  std::vector<Folder> out;
  std::set<std::string> known;
  for (const ListedFile& file : files) {
    std::string path = FolderOf(file);
    // Files of a folder mostly stand together.
    if (!out.empty() && out.back().path == path) continue;
    if (!known.insert(path).second) continue;
    Folder folder{path, path, PartitionOf(file)};
    for (size_t i = 0; i < folder.values.size(); ++i) folder.base.resize(folder.base.rfind('/'));
    out.push_back(std::move(folder));
  }
  return out;
}

std::string NamesOf(const Folder& folder) {
  std::string out;
  for (const auto& [name, value] : folder.values) out += (out.empty() ? "" : ", ") + name;
  return out;
}

void CheckBases(const std::vector<Folder>& folders) {
  std::vector<std::string> bases;
  for (const Folder& folder : folders) {
    if (std::find(bases.begin(), bases.end(), folder.base) == bases.end()) bases.push_back(folder.base);
  }
  if (bases.size() <= 1) return;
  std::string list = "\n";
  for (const std::string& base : bases) list += "\tfile:" + base + "\n";
  throw base::Error(base::ErrorKind::kRuntime, "CONFLICTING_DIRECTORY_STRUCTURES", {{"discoveredBasePaths", list}});
}

void CheckNames(const std::vector<Folder>& folders) {
  std::vector<std::string> lists;
  for (const Folder& folder : folders) {
    std::string names = NamesOf(folder);
    if (std::find(lists.begin(), lists.end(), names) == lists.end()) lists.push_back(names);
  }
  if (lists.size() <= 1) return;
  std::stable_sort(lists.begin(), lists.end(), [](const std::string& a, const std::string& b) {
    return std::count(a.begin(), a.end(), ',') < std::count(b.begin(), b.end(), ',');
  });
  std::string columns = "\n", paths = "\n";
  for (size_t i = 0; i < lists.size(); ++i) {
    columns += fmt::format("\tPartition column name list #{}: {}\n", i, lists[i]);
    for (const Folder& folder : folders) {
      if (NamesOf(folder) == lists[i]) paths += "\tfile:" + folder.path + "\n";
    }
  }
  paths.pop_back();
  throw base::Error(base::ErrorKind::kRuntime, "CONFLICTING_PARTITION_COLUMN_NAMES",
                    {{"distinctPartColLists", columns}, {"suspiciousPaths", paths}});
}

}  // namespace

std::string EscapePartitionName(std::string_view text) {
  std::string out;
  for (unsigned char c : text) {
    bool special = c < 0x20 || c == 0x7f ||
                   std::string_view("\"#%'*/:=?\\{[]^").find(static_cast<char>(c)) != std::string_view::npos;
    out += special ? fmt::format("%{:02X}", c) : std::string(1, static_cast<char>(c));
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> PartitionOf(const ListedFile& file) {
  std::vector<std::pair<std::string, std::string>> out;
  size_t end = file.path.rfind('/');
  while (end > file.base && end != std::string::npos) {
    size_t slash = file.path.rfind('/', end - 1);
    std::string name = file.path.substr(slash + 1, end - slash - 1);
    size_t equals = name.find('=');
    if (equals == std::string::npos && !out.empty()) break;
    if (equals != std::string::npos) {
      if (equals == 0 || equals + 1 == name.size()) {
        throw base::Error(base::ErrorKind::kRuntime,
                          equals == 0 ? "EMPTY_PARTITION_COLUMN_NAME" : "EMPTY_PARTITION_COLUMN_VALUE",
                          {{"columnSpec", name}});
      }
      out.emplace_back(base::DecodePath(name.substr(0, equals)), name.substr(equals + 1));
    }
    end = slash;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<types::StructField> PartitionColumns(const std::vector<ListedFile>& files, const TypePtr& given, bool infer,
                                                 const std::string& time_zone) {
  std::vector<Folder> folders = DistinctFolders(files);
  std::vector<Folder> partitioned;
  std::copy_if(folders.begin(), folders.end(), std::back_inserter(partitioned),
               [](const Folder& folder) { return !folder.values.empty(); });
  if (partitioned.empty()) return {};
  CheckBases(folders);
  CheckNames(partitioned);
  types::TimeZone zone = types::TimeZone::Get(time_zone);
  std::vector<types::StructField> out;
  for (size_t i = 0; i < partitioned[0].values.size(); ++i) {
    const std::string& name = partitioned[0].values[i].first;
    types::StructField field{name, types::Null(), true};
    auto index = given ? given->FieldIndex(name) : std::nullopt;
    if (index) field = {given->fields()[*index].name, given->fields()[*index].type, true};
    for (const Folder& folder : partitioned) {
      const std::string& value = folder.values[i].second;
      if (index) {
        ParsePartitionValue(name, value, field.type, zone);
      } else {
        TypePtr type = infer || value == kNullPartition ? InferType(value) : types::String();
        field.type = Wider(field.type, type);
      }
    }
    out.push_back(std::move(field));
  }
  return out;
}

types::Literal ParsePartitionValue(const std::string& column, const std::string& value, const TypePtr& type,
                                   const types::TimeZone& zone) {
  if (value == kNullPartition || type->Is(TypeId::kNull)) return types::Literal::Null(type);
  auto integer = [&]() -> std::optional<int32_t> {
    int32_t number = 0;
    return formats::ParseInteger(value.data(), value.size(), &number) ? std::optional(number) : std::nullopt;
  };
  std::string text = base::DecodePath(value);
  switch (type->id()) {
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar: {
      types::Literal out = types::Literal::String(text);
      out.type = type;
      return out;
    }
    case TypeId::kBinary:
      return types::Literal::Binary(value);
    case TypeId::kByte:
      if (auto number = integer()) return types::Literal::Byte(static_cast<int8_t>(*number));
      break;
    case TypeId::kShort:
      if (auto number = integer()) return types::Literal::Short(static_cast<int16_t>(*number));
      break;
    case TypeId::kInteger:
      if (auto number = integer()) return types::Literal::Integer(*number);
      break;
    case TypeId::kLong: {
      int64_t number = 0;
      if (formats::ParseInteger(value.data(), value.size(), &number)) return types::Literal::Long(number);
      break;
    }
    case TypeId::kFloat:
    case TypeId::kDouble: {
      double number = 0;
      if (!formats::ParseDouble(value.data(), value.size(), &number)) break;
      return type->Is(TypeId::kFloat) ? types::Literal::Float(static_cast<float>(number))
                                      : types::Literal::Double(number);
    }
    case TypeId::kDecimal: {
      arrow::Decimal128 number;
      if (!formats::ParseDecimal(value, type->precision(), type->scale(), &number)) break;
      return types::Literal::Decimal(number, type->precision(), type->scale());
    }
    case TypeId::kBoolean: {
      bool flag = false;
      if (formats::ParseBoolean(value, &flag)) return types::Literal::Boolean(flag);
      break;
    }
    case TypeId::kDate:
      if (auto days = types::ParseDate(text)) return types::Literal::Date(*days);
      break;
    case TypeId::kTimestamp:
      if (auto micros = types::ParseTimestamp(text, zone)) return types::Literal::Timestamp(*micros);
      break;
    case TypeId::kTimestampNtz:
      if (auto micros = types::ParseTimestampNtz(text)) return types::Literal::TimestampNtz(*micros);
      break;
    default:
      throw base::Error::Unsupported("Partition columns of type " + type->Sql());
  }
  throw base::Error(
      base::ErrorKind::kRuntime, "INVALID_PARTITION_VALUE",
      {{"value", "'" + value + "'"}, {"dataType", "\"" + type->Sql() + "\""}, {"columnName", "`" + column + "`"}});
}

}  // namespace sluice::connectors
