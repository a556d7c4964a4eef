// Compiling and running the steps that write Avro values.
#include "formats/avro/avro_encoder.h"

#include <arrow/util/bit_util.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "formats/avro/avro_types.h"
#include "formats/avro/avro_wire.h"
#include "formats/avro/java_map_order.h"

namespace sluice::formats {

using types::TypeId;
using Op = AvroWriteStep::Op;
using Int128 = __int128;

namespace {

/// Why a type cannot be written; the caller says which type.
struct Mismatch {
  std::string reason;
};

std::string FieldText(const std::vector<std::string>& path) {
  return path.empty() ? "top-level record" : fmt::format("field '{}'", fmt::join(path, "."));
}

bool SameName(const std::string& a, const std::string& b, bool case_sensitive) {
  if (case_sensitive) return a == b;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

class WriteCompiler {
 public:
  explicit WriteCompiler(const AvroWriteOptions& options) : options_(options) {}

  /// Takes unions of null and one other type apart.
  AvroWriteStep Value(const types::DataType& type, const AvroSchema& schema, const std::vector<std::string>& path) {
    if (!schema.Is(AvroKind::kUnion)) return NotNull(type, schema, path);
    std::vector<const AvroSchema*> branches = schema.NonNullBranches();
    AvroWriteStep step =
        branches.size() == 1 ? NotNull(type, *branches[0], path) : OfUnion(type, schema, branches, path);
    for (size_t i = 0; i < schema.children.size(); ++i) {
      if (schema.children[i]->Is(AvroKind::kNull)) step.null_branch = static_cast<int64_t>(i);
      if (branches.size() == 1 && schema.children[i] == branches[0]) step.branch = static_cast<int64_t>(i);
    }
    return step;
  }

  AvroWriteStep NotNull(const types::DataType& type, const AvroSchema& schema, const std::vector<std::string>& path) {
    AvroWriteStep step;
    step.schema = &schema;
    step.path = FieldText(path);
    step.op = AtomOp(type, schema);
    step.checked = options_.refuse_old_dates && (type.Is(TypeId::kDate) || type.Is(TypeId::kTimestamp));
    if (step.op == Op::kRecord) Record(type, schema, path, &step);
    if (step.op == Op::kArray) step.children.push_back(Value(*type.element(), *schema.child(), Under(path, "element")));
    if (step.op == Op::kMap) step.children.push_back(Value(*type.value(), *schema.child(), Under(path, "value")));
    if (step.op == Op::kNull && !type.Is(TypeId::kNull)) throw Wrong(type, schema, path);
    return step;
  }

 private:
  static std::vector<std::string> Under(std::vector<std::string> path, const std::string& name) {
    path.push_back(name);
    return path;
  }

  static Mismatch Wrong(const types::DataType& type, const AvroSchema& schema, const std::vector<std::string>& path) {
    return {fmt::format("Cannot convert SQL {} to Avro {} because schema is incompatible (sqlType = {}, avroType = {})",
                        FieldText(path), FieldText(path), type.Sql(), AvroDocument::ToString(schema))};
  }

  /// kNull if the two don't go together.
  static Op AtomOp(const types::DataType& type, const AvroSchema& schema) {
    auto with = [&](AvroKind kind, Op op) { return schema.Is(kind) ? op : Op::kNull; };
    switch (type.id()) {
      case TypeId::kBoolean:
        return with(AvroKind::kBoolean, Op::kBoolean);
      case TypeId::kByte:
        return with(AvroKind::kInt, Op::kByte);
      case TypeId::kShort:
        return with(AvroKind::kInt, Op::kShort);
      case TypeId::kInteger:
      case TypeId::kDate:
      case TypeId::kYearMonthInterval:
        return with(AvroKind::kInt, Op::kInt);
      case TypeId::kLong:
      case TypeId::kDayTimeInterval:
        return with(AvroKind::kLong, Op::kLong);
      case TypeId::kFloat:
        return with(AvroKind::kFloat, Op::kFloat);
      case TypeId::kDouble:
        return with(AvroKind::kDouble, Op::kDouble);
      case TypeId::kDecimal:
        return DecimalOp(type, schema);
      case TypeId::kString:
      case TypeId::kChar:
      case TypeId::kVarchar:
        return schema.Is(AvroKind::kEnum) ? Op::kEnum : with(AvroKind::kString, Op::kText);
      case TypeId::kBinary:
        return schema.Is(AvroKind::kFixed) ? Op::kFixed : with(AvroKind::kBytes, Op::kText);
      case TypeId::kTime:
      case TypeId::kTimestamp:
      case TypeId::kTimestampNtz:
        return schema.Is(AvroKind::kLong) ? TimeOp(type, schema.logical) : Op::kNull;
      case TypeId::kStruct:
        return with(AvroKind::kRecord, Op::kRecord);
      case TypeId::kArray:
        return with(AvroKind::kArray, Op::kArray);
      case TypeId::kMap:
        return type.key()->IsStringLike() ? with(AvroKind::kMap, Op::kMap) : Op::kNull;
      default:
        return Op::kNull;
    }
  }

  static Op DecimalOp(const types::DataType& type, const AvroSchema& schema) {
    bool same =
        schema.logical == AvroLogical::kDecimal && schema.precision == type.precision() && schema.scale == type.scale();
    if (!same) return Op::kNull;
    return schema.Is(AvroKind::kFixed) ? Op::kFixedDecimal : Op::kDecimal;
  }

  static Op TimeOp(const types::DataType& type, AvroLogical logical) {
    if (type.Is(TypeId::kTime)) return logical == AvroLogical::kTimeMicros ? Op::kThousandth : Op::kNull;
    bool local = type.Is(TypeId::kTimestampNtz);
    if (logical == AvroLogical::kNone) return Op::kThousandth;
    if (logical == (local ? AvroLogical::kLocalTimestampMillis : AvroLogical::kTimestampMillis)) return Op::kThousandth;
    return logical == (local ? AvroLogical::kLocalTimestampMicros : AvroLogical::kTimestampMicros) ? Op::kLong
                                                                                                   : Op::kNull;
  }

  AvroWriteStep OfUnion(const types::DataType& type, const AvroSchema& schema,
                        const std::vector<const AvroSchema*>& branches, const std::vector<std::string>& path) {
    AvroWriteStep step;
    if (branches.empty()) {
      if (!type.Is(TypeId::kNull)) throw Wrong(type, schema, path);
      return step;
    }
    step.schema = &schema;
    step.path = FieldText(path);
    if (type.Is(TypeId::kStruct) && !path.empty()) return Members(type, schema, branches, path, step);
    AvroKind wanted = type.Is(TypeId::kLong) ? AvroKind::kLong : AvroKind::kDouble;
    if (!(type.Is(TypeId::kLong) || type.Is(TypeId::kDouble)) || !IsNumberUnion(branches))
      throw Wrong(type, schema, path);
    for (size_t i = 0; i < schema.children.size(); ++i) {
      if (!schema.children[i]->Is(wanted)) continue;
      step = NotNull(type, *schema.children[i], path);
      step.branch = static_cast<int64_t>(i);
      return step;
    }
    throw Wrong(type, schema, path);
  }

  AvroWriteStep Members(const types::DataType& type, const AvroSchema& schema,
                        const std::vector<const AvroSchema*>& branches, const std::vector<std::string>& path,
                        AvroWriteStep step) {
    std::vector<std::string> wanted, names;
    for (size_t i = 0; i < branches.size(); ++i) wanted.push_back("member" + std::to_string(i));
    for (const types::StructField& field : type.fields()) names.push_back(field.name);
    if (wanted != names) {
      throw Mismatch{
          fmt::format("Generic Avro union at {} does not match the SQL schema at {}.  It expected the following "
                      "members ({}) but got ({})",
                      FieldText(path), FieldText(path), fmt::join(wanted, ", "), fmt::join(names, ", "))};
    }
    step.op = Op::kMember;
    for (size_t i = 0; i < branches.size(); ++i) {
      step.children.push_back(NotNull(*type.fields()[i].type, *branches[i], Under(path, names[i])));
      auto place = std::find(schema.children.begin(), schema.children.end(), branches[i]);
      step.children.back().branch = place - schema.children.begin();
    }
    return step;
  }

  void Record(const types::DataType& type, const AvroSchema& schema, const std::vector<std::string>& path,
              AvroWriteStep* step) {
    std::vector<bool> used(type.fields().size());
    for (const AvroField& field : schema.fields) {
      int column = -1;
      for (size_t i = 0; i < used.size(); ++i) {
        if (!SameName(type.fields()[i].name, field.name, options_.case_sensitive)) continue;
        if (used[i])
          throw Mismatch{
              fmt::format("Searching for '{}' in Avro schema at {} gave 2 matches.", field.name, FieldText(path))};
        used[i] = true;
        column = static_cast<int>(i);
      }
      step->columns.push_back(column);
      if (column >= 0) {
        step->children.push_back(Value(*type.fields()[column].type, *field.schema, Under(path, field.name)));
        continue;
      }
      if (!field.schema->IsNullable()) {
        throw Mismatch{fmt::format("Found {} in Avro schema but there is no match in the SQL schema",
                                   FieldText(Under(path, field.name)))};
      }
      step->children.push_back(Value(*types::Null(), *NullOnly(*field.schema), path));
      step->children.back().null_branch = NullBranch(*field.schema);
    }
    for (size_t i = 0; i < used.size(); ++i) {
      if (!used[i])
        throw Mismatch{fmt::format("Cannot find {} in Avro schema", FieldText(Under(path, type.fields()[i].name)))};
    }
  }

  static int64_t NullBranch(const AvroSchema& schema) {
    for (size_t i = 0; i < schema.children.size(); ++i) {
      if (schema.children[i]->Is(AvroKind::kNull)) return static_cast<int64_t>(i);
    }
    return -1;
  }
  static const AvroSchema* NullOnly(const AvroSchema& schema) { return schema.children[NullBranch(schema)]; }

  const AvroWriteOptions& options_;
};

bool IsValid(const uint8_t* validity, int64_t at) { return !validity || arrow::bit_util::GetBit(validity, at); }

template <typename T>
T ValueAt(const uint8_t* values, int64_t at) {
  T value;
  std::memcpy(&value, values + at * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

std::string_view TextAt(const uint8_t* values, const uint8_t* bytes, int64_t at) {
  auto begin = ValueAt<int32_t>(values, at), end = ValueAt<int32_t>(values, at + 1);
  return {reinterpret_cast<const char*>(bytes) + begin, static_cast<size_t>(end - begin)};
}

int64_t FloorThousandth(int64_t value) { return value / 1000 - (value % 1000 < 0); }

void AppendDecimal(Int128 value, int64_t size, std::string* out) {
  if (size == 0) {
    size = 1;
    while (size < 16 && (value < -(Int128{1} << (8 * size - 1)) || value >= Int128{1} << (8 * size - 1))) ++size;
    AppendAvroLong(size, out);
  }
  for (int64_t i = size - 1; i >= 0; --i) *out += static_cast<char>(i < 16 ? value >> (8 * i) : value >> 127);
}

void CheckDate(const AvroWriteStep& step, bool is_date, int64_t value) {
  if (!step.checked || value >= (is_date ? int64_t{-141427} : int64_t{-12219292800000000})) return;
  throw base::Error::Unsupported("writing dates before 1582-10-15 to Avro",
                                 "spark.sql.avro.datetimeRebaseModeInWrite CORRECTED writes them as they are");
}

}  // namespace

AvroEncoder::AvroEncoder(const types::TypePtr& type, AvroDocumentPtr schema, const AvroWriteOptions& options)
    : document_(std::move(schema)) {
  try {
    root_ = WriteCompiler(options).Value(*type, document_->root(), {});
  } catch (const Mismatch& mismatch) {
    throw base::Error::Plain(base::ErrorKind::kAnalysis, fmt::format("Cannot convert SQL type {} to Avro type {}.",
                                                                     type->Sql(), document_->ToString()))
        .WithCause(mismatch.reason);
  }
}

AvroEncoder::Rows::Rows(const AvroEncoder& encoder, const arrow::Array& array)
    : root_(Bind(encoder.root_, *array.data())) {}

AvroEncoder::Rows::Source AvroEncoder::Rows::Bind(const AvroWriteStep& step, const arrow::ArrayData& data) {
  auto buffer = [&](size_t index) {
    return index < data.buffers.size() && data.buffers[index] ? data.buffers[index]->data() : nullptr;
  };
  Source out{&step, data.GetNullCount() > 0 ? buffer(0) : nullptr, buffer(1), buffer(2), data.offset, {}};
  if (step.op == Op::kRecord) {
    for (size_t i = 0; i < step.columns.size(); ++i) {
      int column = step.columns[i];
      out.children.push_back(column < 0 ? Source{&step.children[i], nullptr, nullptr, nullptr, 0, {}}
                                        : Bind(step.children[i], *data.child_data[column]));
    }
  } else if (step.op == Op::kMember) {
    for (size_t i = 0; i < step.children.size(); ++i)
      out.children.push_back(Bind(step.children[i], *data.child_data[i]));
  } else if (step.op == Op::kArray) {
    out.children.push_back(Bind(step.children[0], *data.child_data[0]));
  } else if (step.op == Op::kMap) {
    static const AvroWriteStep kKey{.op = Op::kText};
    const arrow::ArrayData& entries = *data.child_data[0];
    out.children.push_back(Bind(step.children[0], *entries.child_data[1]));
    out.children.push_back(Bind(kKey, *entries.child_data[0]));
    for (Source& child : out.children) child.offset += entries.offset;
  }
  return out;
}

void AvroEncoder::Rows::Append(int64_t row, std::string* out) {
  if (root_.step->branch >= 0) AppendAvroLong(root_.step->branch, out);
  Write(root_, row, out);
}

void AvroEncoder::Rows::WriteOrNull(const Source& source, int64_t row, std::string* out) {
  const AvroWriteStep& step = *source.step;
  bool null = step.op == Op::kNull || !IsValid(source.validity, row + source.offset);
  if (!null) {
    if (step.branch >= 0) AppendAvroLong(step.branch, out);
    return Write(source, row, out);
  }
  if (step.null_branch >= 0) return AppendAvroLong(step.null_branch, out);
  if (step.op != Op::kNull) {
    throw base::Error::Plain(base::ErrorKind::kRuntime,
                             "Cannot write a null to Avro " + step.path + ", which is not nullable");
  }
}

void AvroEncoder::Rows::Write(const Source& source, int64_t row, std::string* out) {
  const AvroWriteStep& step = *source.step;
  int64_t at = row + source.offset;
  switch (step.op) {
    case Op::kNull:
      return;
    case Op::kBoolean:
      *out += static_cast<char>(arrow::bit_util::GetBit(source.values, at));
      return;
    case Op::kByte:
      return AppendAvroLong(ValueAt<int8_t>(source.values, at), out);
    case Op::kShort:
      return AppendAvroLong(ValueAt<int16_t>(source.values, at), out);
    case Op::kInt:
      CheckDate(step, true, ValueAt<int32_t>(source.values, at));
      return AppendAvroLong(ValueAt<int32_t>(source.values, at), out);
    case Op::kLong:
      CheckDate(step, false, ValueAt<int64_t>(source.values, at));
      return AppendAvroLong(ValueAt<int64_t>(source.values, at), out);
    case Op::kThousandth:
      CheckDate(step, false, ValueAt<int64_t>(source.values, at));
      return AppendAvroLong(FloorThousandth(ValueAt<int64_t>(source.values, at)), out);
    case Op::kFloat:
      return AppendAvroFloating(ValueAt<float>(source.values, at), out);
    case Op::kDouble:
      return AppendAvroFloating(ValueAt<double>(source.values, at), out);
    case Op::kText: {
      std::string_view text = TextAt(source.values, source.bytes, at);
      AppendAvroLong(static_cast<int64_t>(text.size()), out);
      out->append(text);
      return;
    }
    case Op::kFixed: {
      std::string_view bytes = TextAt(source.values, source.bytes, at);
      if (static_cast<int64_t>(bytes.size()) == step.schema->size) {
        out->append(bytes);
        return;
      }
      auto count = [](int64_t size) { return fmt::format("{} {}", size, size > 1 ? "bytes" : "byte"); };
      throw base::Error::Plain(
          base::ErrorKind::kRuntime,
          fmt::format("Cannot convert SQL {} to Avro {} because {} of binary data cannot be written into "
                      "FIXED type with size of {}",
                      step.path, step.path, count(static_cast<int64_t>(bytes.size())), count(step.schema->size)));
    }
    case Op::kEnum: {
      std::string_view text = TextAt(source.values, source.bytes, at);
      const auto& symbols = step.schema->symbols;
      auto found = std::find(symbols.begin(), symbols.end(), text);
      if (found != symbols.end()) return AppendAvroLong(found - symbols.begin(), out);
      throw base::Error::Plain(
          base::ErrorKind::kRuntime,
          fmt::format("Cannot convert SQL {} to Avro {} because \"{}\" cannot be written since it's not "
                      "defined in enum \"{}\"",
                      step.path, step.path, text, fmt::join(symbols, "\", \"")));
    }
    case Op::kDecimal:
      return AppendDecimal(ValueAt<Int128>(source.values, at), 0, out);
    case Op::kFixedDecimal:
      return AppendDecimal(ValueAt<Int128>(source.values, at), step.schema->size, out);
    case Op::kRecord:
      return WriteRecord(source, at, out);
    case Op::kArray:
      return WriteItems(source, at, out);
    case Op::kMap:
      return WriteMap(source, at, out);
    case Op::kMember:
      return WriteMember(source, at, out);
  }
}

void AvroEncoder::Rows::WriteRecord(const Source& source, int64_t at, std::string* out) {
  for (size_t i = 0; i < source.children.size(); ++i) {
    const Source& field = source.children[i];
    const AvroWriteStep& step = *field.step;
    bool null = step.op != Op::kNull && !IsValid(field.validity, at + field.offset);
    if (null && step.null_branch < 0) {
      const AvroField& avro = source.step->schema->fields[i];
      throw base::Error(
          base::ErrorKind::kRuntime, "AVRO_CANNOT_WRITE_NULL_FIELD",
          {{"name", types::QuoteIdentifier({avro.name})}, {"dataType", AvroDocument::ToString(*avro.schema)}});
    }
    WriteOrNull(field, at, out);
  }
}

void AvroEncoder::Rows::WriteItems(const Source& source, int64_t at, std::string* out) {
  auto begin = ValueAt<int32_t>(source.values, at), end = ValueAt<int32_t>(source.values, at + 1);
  if (end > begin) AppendAvroLong(end - begin, out);
  for (int32_t i = begin; i < end; ++i) WriteOrNull(source.children[0], i, out);
  AppendAvroLong(0, out);
}

void AvroEncoder::Rows::WriteMap(const Source& source, int64_t at, std::string* out) {
  auto begin = ValueAt<int32_t>(source.values, at), end = ValueAt<int32_t>(source.values, at + 1);
  const Source& keys = source.children[1];
  auto key = [&](int64_t item) { return TextAt(keys.values, keys.bytes, item + keys.offset); };
  size_t first = entries_.size();
  int64_t buckets = JavaBuckets(end - begin, 0, end - begin);
  for (int64_t i = begin; i < end; ++i) entries_.push_back({i, JavaBucket(JavaStringHash(key(i)), buckets)});
  std::stable_sort(entries_.begin() + static_cast<ptrdiff_t>(first), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.bucket < b.bucket; });
  if (end > begin) AppendAvroLong(end - begin, out);
  for (size_t i = first; i < first + static_cast<size_t>(end - begin); ++i) {
    int64_t item = entries_[i].item;
    AppendAvroLong(static_cast<int64_t>(key(item).size()), out);
    out->append(key(item));
    WriteOrNull(source.children[0], item, out);
  }
  entries_.resize(first);
  AppendAvroLong(0, out);
}

void AvroEncoder::Rows::WriteMember(const Source& source, int64_t at, std::string* out) {
  for (const Source& member : source.children) {
    if (!IsValid(member.validity, at + member.offset)) continue;
    AppendAvroLong(member.step->branch, out);
    return Write(member, at, out);
  }
  if (source.step->null_branch >= 0) return AppendAvroLong(source.step->null_branch, out);
  throw base::Error::Plain(base::ErrorKind::kRuntime,
                           "No member of the union at Avro " + source.step->path + " is set");
}

}  // namespace sluice::formats
