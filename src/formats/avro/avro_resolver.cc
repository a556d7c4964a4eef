// Avro's schema resolution: which steps read a writer's values into a reader's type.
#include <algorithm>

#include "formats/avro/avro_decoder.h"

namespace sluice::formats {

using types::TypeId;
using Op = AvroStep::Op;

namespace {

constexpr int kMaxDepth = 64;
// Records that name each other again and again would be looked at for ever.
constexpr int kMostLooks = 10000;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool SameFullName(const AvroSchema& writer, const AvroSchema& reader) {
  return writer.name == reader.name || Contains(reader.aliases, writer.name);
}

bool SameShortName(const AvroSchema& writer, const AvroSchema& reader) {
  return writer.ShortName() == reader.ShortName() || Contains(reader.aliases, writer.name);
}

/// The reader's field that a writer's field is read into; aliases count where the records' names agree.
std::optional<int> ReaderField(const AvroSchema& writer, const AvroField& field, const AvroSchema& reader) {
  if (SameFullName(writer, reader)) {
    for (size_t i = 0; i < reader.fields.size(); ++i) {
      if (Contains(reader.fields[i].aliases, field.name)) return static_cast<int>(i);
    }
  }
  return reader.FieldIndex(field.name);
}

bool Promotes(AvroKind from, AvroKind to) {
  switch (from) {
    case AvroKind::kInt:
      return to == AvroKind::kLong || to == AvroKind::kFloat || to == AvroKind::kDouble;
    case AvroKind::kLong:
      return to == AvroKind::kFloat || to == AvroKind::kDouble;
    case AvroKind::kFloat:
      return to == AvroKind::kDouble;
    case AvroKind::kString:
      return to == AvroKind::kBytes;
    case AvroKind::kBytes:
      return to == AvroKind::kString;
    default:
      return false;
  }
}

/// Whether every value of the writer can be read; only as deep as it takes to tell records of a union apart.
bool Fits(const AvroSchema& writer, const AvroSchema& reader, int depth, int* looks) {
  if (depth > kMaxDepth || --*looks < 0) return true;
  if (reader.Is(AvroKind::kUnion) || writer.Is(AvroKind::kUnion)) return true;
  if (writer.kind != reader.kind) return Promotes(writer.kind, reader.kind);
  if (writer.Is(AvroKind::kFixed)) return SameShortName(writer, reader) && writer.size == reader.size;
  if (writer.Is(AvroKind::kEnum)) return SameShortName(writer, reader);
  if (writer.Is(AvroKind::kArray) || writer.Is(AvroKind::kMap))
    return Fits(*writer.child(), *reader.child(), depth + 1, looks);
  if (!writer.Is(AvroKind::kRecord)) return true;
  std::vector<bool> found(reader.fields.size());
  for (const AvroField& field : writer.fields) {
    auto index = ReaderField(writer, field, reader);
    if (!index) continue;
    found[*index] = true;
    if (!Fits(*field.schema, *reader.fields[*index].schema, depth + 1, looks)) return false;
  }
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i] && !reader.fields[i].default_json) return false;
  }
  return true;
}

/// The branch that a value of the writer's type is read as; -1 if there is none.
int FirstMatch(const AvroSchema& writer, const std::vector<const AvroSchema*>& branches) {
  int structure = -1, looks = kMostLooks;
  for (int i = 0; i < static_cast<int>(branches.size()); ++i) {
    const AvroSchema& branch = *branches[i];
    if (branch.kind != writer.kind) continue;
    if (!writer.IsNamed() || SameFullName(writer, branch)) return i;
    if (writer.Is(AvroKind::kRecord) && Fits(writer, branch, 0, &looks) &&
        (structure < 0 || writer.ShortName() == branch.ShortName())) {
      structure = i;
    }
  }
  if (structure >= 0) return structure;
  for (int i = 0; i < static_cast<int>(branches.size()); ++i) {
    if (Promotes(writer.kind, branches[i]->kind)) return i;
  }
  return -1;
}

/// How many columns a type has, itself included.
int Slots(const types::DataType& type) {
  int out = 1;
  if (type.Is(TypeId::kArray)) out += Slots(*type.element());
  if (type.Is(TypeId::kMap)) out += 1 + Slots(*type.value());
  if (type.Is(TypeId::kStruct)) {
    for (const types::StructField& field : type.fields()) out += Slots(*field.type);
  }
  return out;
}

/// The columns of a struct's fields, in order.
std::vector<int> FieldSlots(const types::DataType& type, int slot) {
  std::vector<int> out;
  int next = slot + 1;
  for (const types::StructField& field : type.fields()) {
    out.push_back(next);
    next += Slots(*field.type);
  }
  return out;
}

bool IsEmptyWithin(const AvroSchema& schema, int depth, int* looks) {
  // A record that is always within itself has no values.
  if (depth > kMaxDepth || --*looks < 0) return false;
  if (schema.Is(AvroKind::kNull)) return true;
  if (schema.Is(AvroKind::kFixed)) return schema.size == 0;
  if (!schema.Is(AvroKind::kRecord)) return false;
  return std::all_of(schema.fields.begin(), schema.fields.end(),
                     [&](const AvroField& field) { return IsEmptyWithin(*field.schema, depth + 1, looks); });
}

}  // namespace

bool IsEmpty(const AvroSchema& schema) {
  int looks = kMostLooks;
  return IsEmptyWithin(schema, 0, &looks);
}

class AvroResolver {
 public:
  explicit AvroResolver(AvroDecoder* out) : out_(*out), options_(out->reader_->options()) {}

  void Run() {
    const AvroTyped& top = out_.reader_->typed();
    // Spark takes the top for a record wherever the type is a struct, and so fails at unions.
    bool union_struct = top.type->Is(TypeId::kStruct) && !out_.reader_->document()->root().Is(AvroKind::kRecord);
    if (!union_struct || top.type->fields().empty()) out_.root_ = Resolve(out_.writer_->root(), top, 0, true);
  }

 private:
  AvroStep Resolve(const AvroSchema& writer, const AvroTyped& reader, int slot, bool top = false) {
    AvroStep step;
    step.slot = slot;
    step.source = writer.kind;
    if (writer.Is(AvroKind::kUnion)) {
      uint32_t begin = Room(writer.children.size());
      for (size_t i = 0; i < writer.children.size(); ++i) {
        AvroStep branch = Resolve(*writer.children[i], reader, slot, top);
        out_.steps_[begin + i] = branch;
      }
      return Inside(Op::kUnion, begin, writer.children.size(), step);
    }
    if (writer.Is(AvroKind::kNull)) {
      if (reader.nullable) step.op = top ? TopNull(reader) : Op::kNull;
      return step;
    }
    if (reader.schema->Is(AvroKind::kUnion)) return ResolveUnion(writer, reader, step);
    return ResolveTo(writer, *reader.schema, reader, step);
  }

  static Op TopNull(const AvroTyped& reader) {
    switch (reader.schema->kind) {
      case AvroKind::kNull:
        return Op::kNull;
      case AvroKind::kBoolean:
      case AvroKind::kInt:
      case AvroKind::kLong:
      case AvroKind::kFloat:
      case AvroKind::kDouble:
        return Op::kZero;
      default:
        return Op::kError;
    }
  }

  AvroStep ResolveUnion(const AvroSchema& writer, const AvroTyped& reader, AvroStep step) {
    std::vector<const AvroSchema*> branches = reader.schema->NonNullBranches();
    int branch = FirstMatch(writer, branches);
    if (branch < 0) return step;
    if (reader.children.empty()) return ResolveTo(writer, *branches[branch], reader, step);  // one number
    bool dropped =
        std::any_of(reader.children.begin(), reader.children.end(), [](const auto& child) { return !child; });
    if (dropped) return step;
    uint32_t begin = Room(1);
    AvroStep member = Resolve(writer, *reader.children[branch], FieldSlots(*reader.type, step.slot)[branch]);
    out_.steps_[begin] = member;
    step.number = branch;
    return Inside(Op::kMember, begin, 1, step);
  }

  /// `schema` is the reader's, or the branch of its union.
  AvroStep ResolveTo(const AvroSchema& writer, const AvroSchema& schema, const AvroTyped& reader, AvroStep step) {
    if (writer.kind != schema.kind && !Promotes(writer.kind, schema.kind)) return step;
    switch (schema.kind) {
      case AvroKind::kBoolean:
        step.op = Op::kBoolean;
        return step;
      case AvroKind::kInt:
      case AvroKind::kLong:
        return Whole(schema, reader, step);
      case AvroKind::kFloat:
      case AvroKind::kDouble:
        return Floating(writer, schema, reader, step);
      case AvroKind::kBytes:
      case AvroKind::kString:
        step.op = schema.logical == AvroLogical::kDecimal ? Op::kDecimal : Op::kText;
        step.number = schema.precision;
        return step;
      case AvroKind::kFixed:
        return Fixed(writer, schema, step);
      case AvroKind::kEnum:
        return Enum(writer, schema, step);
      case AvroKind::kRecord:
        return Record(writer, schema, reader, step);
      default:
        return Items(writer, reader, step);
    }
  }

  AvroStep Whole(const AvroSchema& schema, const AvroTyped& reader, AvroStep step) const {
    bool old = options_.refuse_old_dates;
    switch (schema.logical) {
      case AvroLogical::kTimestampMillis:
        step.checked = old;
        step.op = Op::kMillis;
        return step;
      case AvroLogical::kLocalTimestampMillis:
        step.op = Op::kMillis;
        return step;
      case AvroLogical::kTimestampMicros:
      case AvroLogical::kDate:
        step.checked = old;
        break;
      case AvroLogical::kTimeMicros:
        step.op = Op::kTimeMicros;
        return step;
      case AvroLogical::kCustomDecimal:
        step.op = Op::kLongDecimal;
        step.number = schema.precision;
        return step;
      default:
        break;
    }
    bool narrow = schema.Is(AvroKind::kInt) && !reader.type->Is(TypeId::kLong);
    step.op = narrow ? Op::kInt : Op::kLong;
    return step;
  }

  static AvroStep Floating(const AvroSchema& writer, const AvroSchema& schema, const AvroTyped& reader, AvroStep step) {
    bool to_double = reader.type->Is(TypeId::kDouble);
    step.via_float = schema.Is(AvroKind::kFloat);
    step.op = Op::kNumber;
    if (writer.Is(AvroKind::kFloat) && !to_double) step.op = Op::kFloat;
    if (writer.Is(AvroKind::kDouble)) step.op = Op::kDouble;
    step.number = to_double;
    return step;
  }

  static AvroStep Fixed(const AvroSchema& writer, const AvroSchema& schema, AvroStep step) {
    if (!SameShortName(writer, schema) || writer.size != schema.size) return step;
    bool decimal = schema.logical == AvroLogical::kDecimal;
    step.op = decimal ? Op::kFixedDecimal : Op::kFixed;
    step.number = decimal ? schema.precision : schema.size;
    step.count = static_cast<uint32_t>(schema.size);
    return step;
  }

  AvroStep Enum(const AvroSchema& writer, const AvroSchema& schema, AvroStep step) {
    if (!SameShortName(writer, schema)) return step;
    std::vector<std::string> symbols;
    for (const std::string& symbol : writer.symbols) {
      symbols.push_back(Contains(schema.symbols, symbol) ? symbol : schema.enum_default.value_or("!"));
    }
    step.op = Op::kEnum;
    step.number = static_cast<int64_t>(out_.symbols_.size());
    out_.symbols_.push_back(std::move(symbols));
    return step;
  }

  AvroStep Items(const AvroSchema& writer, const AvroTyped& reader, AvroStep step) {
    bool map = writer.Is(AvroKind::kMap);
    uint32_t begin = Room(1);
    AvroStep item = Resolve(*writer.child(), *reader.children[0], step.slot + (map ? 2 : 1));
    out_.steps_[begin] = item;
    step.checked = !map && IsEmpty(*writer.child());
    step.skipped = writer.child();
    return Inside(map ? Op::kMap : Op::kArray, begin, 1, step);
  }

  AvroStep Record(const AvroSchema& writer, const AvroSchema& schema, const AvroTyped& reader, AvroStep step) {
    std::vector<int> slots = FieldSlots(*reader.type, step.slot);
    std::vector<int> slot_of(schema.fields.size(), -1);
    for (size_t i = 0, at = 0; i < slot_of.size(); ++i) {
      if (reader.children[i]) slot_of[i] = slots[at++];
    }
    std::vector<bool> found(schema.fields.size());
    std::vector<int> reads;
    for (const AvroField& field : writer.fields) {
      auto index = ReaderField(writer, field, schema);
      bool twice = index && found[*index];
      if (index) found[*index] = true;
      reads.push_back(index && !twice ? *index : -1);
    }
    std::vector<int> missing;
    for (size_t i = 0; i < found.size(); ++i) {
      if (found[i]) continue;
      if (!schema.fields[i].default_json) return step;
      if (slot_of[i] >= 0) missing.push_back(static_cast<int>(i));
    }
    uint32_t begin = Room(reads.size() + missing.size());
    for (size_t i = 0; i < reads.size(); ++i) {
      const AvroSchema& type = *writer.fields[i].schema;
      bool kept = reads[i] >= 0 && slot_of[reads[i]] >= 0;
      AvroStep part = kept ? Resolve(type, *reader.children[reads[i]], slot_of[reads[i]]) : Skipped(type);
      out_.steps_[begin + i] = part;
    }
    for (size_t i = 0; i < missing.size(); ++i) {
      AvroStep part = Default(schema.fields[missing[i]], *reader.children[missing[i]], slot_of[missing[i]]);
      out_.steps_[begin + reads.size() + i] = part;
    }
    return Inside(Op::kRecord, begin, reads.size() + missing.size(), step);
  }

  static AvroStep Skipped(const AvroSchema& type) {
    AvroStep step;
    step.op = Op::kSkip;
    step.skipped = &type;
    return step;
  }

  AvroStep Default(const AvroField& field, const AvroTyped& reader, int slot) {
    AvroStep step;
    std::string bytes;
    if (!EncodeAvroDefault(*field.schema, *field.default_json, &bytes)) return step;
    uint32_t begin = Room(1);
    AvroStep value = Resolve(*field.schema, reader, slot);
    out_.steps_[begin] = value;
    step.number = static_cast<int64_t>(out_.defaults_.size());
    out_.defaults_.push_back(std::move(bytes));
    return Inside(Op::kDefault, begin, 1, step);
  }

  /// Steps of one parent lie one behind the other.
  uint32_t Room(size_t count) {
    auto begin = static_cast<uint32_t>(out_.steps_.size());
    out_.steps_.resize(begin + count);
    if (out_.steps_.size() > kMostSteps) ThrowAvroSchemaError("The Avro schemas have too many fields");
    return begin;
  }

  static AvroStep Inside(Op op, uint32_t begin, size_t count, AvroStep step) {
    step.op = op;
    step.begin = begin;
    step.count = static_cast<uint32_t>(count);
    return step;
  }

  static constexpr size_t kMostSteps = 1000000;
  AvroDecoder& out_;
  const AvroReadOptions& options_;
};

AvroReader::AvroReader(AvroDocumentPtr schema, const AvroReadOptions& options)
    : document_(std::move(schema)), options_(options), typed_(ToSparkType(document_->root(), options.types)) {}

AvroDecoder::AvroDecoder(AvroReaderPtr reader, AvroDocumentPtr writer)
    : reader_(std::move(reader)), writer_(std::move(writer)) {
  AvroResolver(this).Run();
}

}  // namespace sluice::formats
