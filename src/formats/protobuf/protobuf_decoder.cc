// Running the plans that read protobuf messages.
#include "formats/protobuf/protobuf_decoder.h"

#include <arrow/util/utf8.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>

#include "formats/utf8_repair.h"

namespace sluice::formats {

namespace pb = google::protobuf;
using types::TypeId;
using Op = ProtobufFieldPlan::Op;

namespace {

// As deep as Java's parser goes.
constexpr int kMaxDepth = 100;

/// Texts and messages; numbers are looked at by their bits.
bool IsPlaced(uint32_t wire) { return wire == kWireBytes || wire == kWireGroup; }

}  // namespace

bool ReadProtobufGroup(uint32_t number, ProtobufInput* in, ProtobufRaw* out, int depth) {
  if (depth > kMaxDepth) return false;
  out->at = in->at;
  while (true) {
    const uint8_t* before = in->at;
    uint32_t inner, wire;
    if (!ReadProtobufTag(in, &inner, &wire)) return false;
    if (wire == kWireEndGroup) {
      out->size = static_cast<size_t>(before - out->at);
      return inner == number;
    }
    ProtobufRaw ignored;
    if (!ReadProtobufRaw(inner, wire, in, &ignored, depth + 1)) return false;
  }
}

ProtobufColumn::ProtobufColumn(const ProtobufDecoder& decoder) : decoder_(decoder), root_(decoder.type()) {
  arrow::util::InitializeUTF8();
  AddSlots(&root_);
}

void ProtobufColumn::AddSlots(ColumnBuilder* builder) {
  slots_.push_back(builder);
  for (ColumnBuilder& child : builder->children()) AddSlots(&child);
}

bool ProtobufColumn::Append(std::string_view bytes) {
  int64_t rows = root_.length();
  found_size_ = 0;
  depth_ = 0;
  auto at = reinterpret_cast<const uint8_t*>(bytes.data());
  if (AppendMessage(0, 0, {at, at + bytes.size()}, true)) return true;
  root_.Truncate(rows);
  return false;
}

/// Whether a closed enum has the value.
bool ProtobufColumn::Knows(const Field& field, const ProtobufRaw& raw) const {
  return field.op != Op::kEnum || !field.closed_enum ||
         decoder_.enum_names_[field.names].contains(static_cast<int32_t>(raw.bits));
}

/// Room for what is found of a message's fields; gives where it starts.
size_t ProtobufColumn::Open(const Plan& plan) {
  size_t base = found_size_;
  found_size_ += plan.fields.size();
  if (found_.size() < found_size_) found_.resize(found_size_);
  for (size_t i = base; i < found_size_; ++i) found_[i].count = 0;
  return base;
}

/// Notes where the fields of a message lie.
bool ProtobufColumn::Scan(const Plan& plan, ProtobufInput in, size_t base, bool top) {
  while (in.at != in.end) {
    const uint8_t* start = in.at;
    uint32_t number, wire;
    if (!ReadProtobufTag(&in, &number, &wire)) return false;
    int index = plan.Find(number);
    if (index < 0) {
      ProtobufRaw ignored;
      if (!ReadProtobufRaw(number, wire, &in, &ignored)) return false;
    } else if (!Note(plan, index, start, wire, &in, base, top)) {
      return false;
    }
  }
  for (size_t i = 0; plan.has_required && i < plan.fields.size(); ++i) {
    if (plan.fields[i].required && found_[base + i].count == 0) return false;
  }
  return true;
}

bool ProtobufColumn::Note(const Plan& plan, int index, const uint8_t* start, uint32_t wire, ProtobufInput* in,
                          size_t base, bool top) {
  const Field& field = plan.fields[index];
  ProtobufRaw raw;
  if (!ReadProtobufRaw(field.number, wire, in, &raw)) return false;
  bool packed = field.repeated && wire == kWireBytes && !IsPlaced(field.wire);
  // A field of another type than it should have is unknown; Spark refuses that of the top message.
  if (wire != field.wire && !packed) return !top;
  if (field.closed_enum && !packed && !Knows(field, raw)) return !top;
  Found& found = found_[base + index];
  found.raw = raw;
  if (found.count++ == 0) found.first = start;
  found.last = in->at;
  for (int rival : field.rivals) found_[base + rival].count = 0;
  return true;
}

bool ProtobufColumn::AppendMessage(int plan_index, int slot, ProtobufInput in, bool top) {
  if (depth_ >= kMaxDepth) return false;
  ++depth_;
  const Plan& plan = decoder_.plans_[plan_index];
  size_t base = Open(plan);
  if (!Scan(plan, in, base, top)) return false;
  for (size_t i = 0; i < plan.fields.size(); ++i) {
    if (plan.fields[i].op == Op::kIgnore) continue;
    Found found = found_[base + i];
    if (!AppendField(plan.fields[i], plan.fields[i].slot, found)) return false;
  }
  found_size_ = base;
  if (plan.dummy) slots_[slot]->child(0).AppendNull();
  slots_[slot]->EndStruct();
  --depth_;
  return true;
}

bool ProtobufColumn::AppendField(const Field& field, int slot, const Found& found) {
  if (field.repeated) return AppendAll(field, found);
  bool present = found.count > 0;
  if (present && !field.presence) {
    bool zero = IsPlaced(field.wire) ? found.raw.size == 0 : found.raw.bits == 0;
    if (field.op == Op::kInt || field.op == Op::kUnsignedInt || field.op == Op::kEnum) {
      zero = static_cast<uint32_t>(found.raw.bits) == 0;
    }
    present = !zero;
  }
  if (!present && !field.has_default && (field.presence || !decoder_.options_.emit_defaults)) {
    slots_[slot]->AppendNull();
    return true;
  }
  if (present && field.message && found.count > 1) {
    std::string all;
    if (!Gather(field, found, &all)) return false;
    ProtobufRaw raw;
    raw.at = reinterpret_cast<const uint8_t*>(all.data());
    raw.size = all.size();
    return AppendOne(field, slot, raw);
  }
  Found value = found;
  if (!present) value.count = 0;
  return AppendValueOrDefault(field, slot, value);
}

bool ProtobufColumn::AppendValueOrDefault(const Field& field, int slot, const Found& found) {
  if (found.count > 0) return AppendOne(field, slot, found.raw);
  ProtobufRaw raw = field.default_value;
  raw.at = reinterpret_cast<const uint8_t*>(field.default_text.data());
  raw.size = field.default_text.size();
  return AppendOne(field, slot, raw);
}

/// The parts of a message that was written in several: behind each other they are the whole one.
bool ProtobufColumn::Gather(const Field& field, const Found& found, std::string* out) {
  ProtobufInput in{found.first, found.last};
  while (in.at != in.end) {
    uint32_t number, wire;
    ProtobufRaw raw;
    if (!ReadProtobufTag(&in, &number, &wire) || !ReadProtobufRaw(number, wire, &in, &raw)) return false;
    if (number == field.number && wire == field.wire) out->append(raw.text());
  }
  return true;
}

bool ProtobufColumn::AppendAll(const Field& field, const Found& found) {
  ProtobufInput in{found.first, found.last};
  if (found.count == 0) in.at = in.end;
  while (in.at != in.end) {
    uint32_t number, wire;
    ProtobufRaw raw;
    if (!ReadProtobufTag(&in, &number, &wire) || !ReadProtobufRaw(number, wire, &in, &raw)) return false;
    if (number != field.number) continue;
    bool good = true;
    if (wire != field.wire) {
      if (wire == kWireBytes && !IsPlaced(field.wire))
        good = AppendPacked(field, field.slot + 1, {raw.at, raw.at + raw.size});
    } else if (field.op == Op::kMap) {
      good = AppendEntry(field, {raw.at, raw.at + raw.size});
    } else if (Knows(field, raw)) {
      good = AppendOne(field, field.slot + 1, raw);
    }
    if (!good) return false;
  }
  slots_[field.slot]->EndList();
  return true;
}

bool ProtobufColumn::AppendPacked(const Field& field, int slot, ProtobufInput in) {
  while (in.at != in.end) {
    ProtobufRaw raw;
    if (!ReadProtobufRaw(field.number, field.wire, &in, &raw)) return false;
    if (!Knows(field, raw)) {
      if (depth_ == 1) return false;
      continue;
    }
    if (!AppendOne(field, slot, raw)) return false;
  }
  return true;
}

/// A key and a value, zeros where they are left out.
bool ProtobufColumn::AppendEntry(const Field& field, ProtobufInput in) {
  const Plan& plan = decoder_.plans_[field.inner];
  size_t base = Open(plan);
  if (!Scan(plan, in, base, false)) return false;
  for (size_t i = 0; i < plan.fields.size(); ++i) {
    Found found = found_[base + i];
    const Field& part = plan.fields[i];
    if (found.count > 1 && part.message) {
      std::string all;
      if (!Gather(part, found, &all)) return false;
      found.raw.at = reinterpret_cast<const uint8_t*>(all.data());
      found.raw.size = all.size();
      if (!AppendOne(part, part.slot, found.raw)) return false;
    } else if (!AppendValueOrDefault(part, part.slot, found)) {
      return false;
    }
  }
  found_size_ = base;
  return true;
}

bool ProtobufColumn::AppendOne(const Field& field, int slot, const ProtobufRaw& raw) {
  ColumnBuilder& out = *slots_[slot];
  auto narrow = static_cast<uint32_t>(raw.bits);
  switch (field.op) {
    case Op::kIgnore:
      return true;
    case Op::kBool:
      out.AppendBool(raw.bits != 0);
      return true;
    case Op::kInt:
      out.Append(static_cast<int32_t>(narrow));
      return true;
    case Op::kZigzagInt:
      out.Append(static_cast<int32_t>(narrow >> 1) ^ -static_cast<int32_t>(narrow & 1));
      return true;
    case Op::kUnsignedInt:
      out.Append(static_cast<int64_t>(narrow));
      return true;
    case Op::kLong:
      out.Append(static_cast<int64_t>(raw.bits));
      return true;
    case Op::kZigzagLong:
      out.Append(static_cast<int64_t>(raw.bits >> 1) ^ -static_cast<int64_t>(raw.bits & 1));
      return true;
    case Op::kUnsignedLong:
      out.Append(static_cast<__int128>(raw.bits));
      return true;
    case Op::kFloat: {
      float value;
      std::memcpy(&value, &narrow, sizeof(value));
      out.Append(value);
      return true;
    }
    case Op::kDouble: {
      double value;
      std::memcpy(&value, &raw.bits, sizeof(value));
      out.Append(value);
      return true;
    }
    case Op::kText:
      if (!arrow::util::ValidateUTF8(raw.at, static_cast<int64_t>(raw.size))) {
        if (field.checks_utf8) return false;
        repaired_.clear();
        RepairUtf8(raw.text(), &repaired_);
        out.AppendString(repaired_);
        return true;
      }
      [[fallthrough]];
    case Op::kBytes:
      out.AppendString(raw.text());
      return true;
    case Op::kEnum:
      return AppendEnum(field, slot, static_cast<int32_t>(narrow));
    case Op::kMessage:
      return AppendNested(field, slot, raw);
    case Op::kMicros:
      return AppendMicros(field, slot, raw);
    case Op::kWrapper:
      return AppendWrapped(field, slot, raw);
    case Op::kAnyJson:
      return AppendJson(slot, raw.text());
    case Op::kMap:
      return false;
  }
  return false;
}

bool ProtobufColumn::AppendNested(const Field& field, int slot, const ProtobufRaw& raw) {
  return AppendMessage(field.inner, slot, {raw.at, raw.at + raw.size}, false);
}

bool ProtobufColumn::AppendEnum(const Field& field, int slot, int32_t number) {
  const std::string& type = decoder_.enum_types_[field.names];
  if (type.empty()) {
    slots_[slot]->Append(number);
    return true;
  }
  const auto& names = decoder_.enum_names_[field.names];
  auto found = names.find(number);
  slots_[slot]->AppendString(found != names.end() ? found->second
                                                  : "UNKNOWN_ENUM_VALUE_" + type + "_" + std::to_string(number));
  return true;
}

bool ProtobufColumn::AppendMicros(const Field& field, int slot, const ProtobufRaw& raw) {
  const Plan& plan = decoder_.plans_[field.inner];
  size_t base = Open(plan);
  if (!Scan(plan, {raw.at, raw.at + raw.size}, base, false)) return false;
  int64_t seconds = found_[base].count > 0 ? static_cast<int64_t>(found_[base].raw.bits) : 0;
  int64_t nanos = found_[base + 1].count > 0 ? static_cast<int32_t>(found_[base + 1].raw.bits) : 0;
  found_size_ = base;
  // Spark goes by way of milliseconds, whose overflow wraps around.
  auto millis = static_cast<int64_t>(static_cast<uint64_t>(seconds) * 1000);
  int64_t micros;
  if (__builtin_mul_overflow(millis, int64_t{1000}, &micros)) return false;
  slots_[slot]->Append(static_cast<int64_t>(static_cast<uint64_t>(micros) + static_cast<uint64_t>(nanos / 1000)));
  return true;
}

bool ProtobufColumn::AppendWrapped(const Field& field, int slot, const ProtobufRaw& raw) {
  const Plan& plan = decoder_.plans_[field.inner];
  size_t base = Open(plan);
  if (!Scan(plan, {raw.at, raw.at + raw.size}, base, false)) return false;
  Found found = found_[base];
  found_size_ = base;
  return AppendField(plan.fields[0], slot, found);
}

bool ProtobufColumn::AppendJson(int slot, std::string_view any) {
  pb::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_enums_as_ints = decoder_.options_.enums_as_ints;
  std::string json;
  pb::io::ArrayInputStream in(any.data(), static_cast<int>(any.size()));
  pb::io::StringOutputStream out(&json);
  auto status = pb::util::BinaryToJsonStream(decoder_.resolver_.get(), "type.googleapis.com/google.protobuf.Any", &in,
                                             &out, options);
  if (!status.ok()) return false;
  slots_[slot]->AppendString(json);
  return true;
}

}  // namespace sluice::formats
