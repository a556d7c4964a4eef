// Bitmaps of 32768 bits: bitmap_construct_agg, bitmap_or_agg, bitmap_and_agg and their scalar relatives.
#include <bit>

#include "functions/aggregate/group_values.h"
#include "functions/datetime_math.h"
#include "functions/kernels.h"
#include "functions/registry.h"
#include "functions/signature.h"

namespace sluice::functions {

using types::Binary;
using types::Long;

namespace {

constexpr size_t kBitmapBytes = 4 * 1024;
constexpr int64_t kBitmapBits = 8 * kBitmapBytes;

enum class BitmapOp { kConstruct, kOr, kAnd };

class Bitmaps : public logical::GroupedAccumulator {
 public:
  explicit Bitmaps(BitmapOp op) : op_(op) {}
  void Resize(int64_t groups) override {
    maps_.resize(groups, std::string(kBitmapBytes, op_ == BitmapOp::kAnd ? '\xff' : '\0'));
  }
  void Update(logical::EvalContext& context, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    if (op_ != BitmapOp::kConstruct) return Merge(context, arguments, group_ids, rows);
    ForEachValue<int64_t>(arguments[0], group_ids, rows, [this](uint32_t group, int64_t position) {
      if (position < 0 || position >= kBitmapBits) {
        throw base::Error(base::ErrorKind::kArrayIndexOutOfBounds, "INVALID_BITMAP_POSITION",
                          {{"bitPosition", std::to_string(position)},
                           {"bitmapNumBytes", std::to_string(kBitmapBytes)},
                           {"bitmapNumBits", std::to_string(kBitmapBits)}});
      }
      maps_[group][position / 8] = static_cast<char>(maps_[group][position / 8] | (1 << (position % 8)));
    });
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    Column<std::string_view> maps(buffers[0]);
    for (int64_t row = 0; row < rows; ++row) {
      if (!maps.valid(row)) continue;
      std::string& own = maps_[group_ids[row]];
      std::string_view other = maps[row];
      for (size_t i = 0; i < kBitmapBytes; ++i) {
        char byte = i < other.size() ? other[i] : '\0';
        own[i] = static_cast<char>(op_ == BitmapOp::kAnd ? own[i] & byte : own[i] | byte);
      }
    }
  }
  arrow::ArrayVector Buffers() const override { return {ToArray()}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override { return ToArray(); }
  int64_t MemoryUsed() const override { return static_cast<int64_t>(maps_.size() * kBitmapBytes); }

 private:
  std::shared_ptr<arrow::Array> ToArray() const {
    TextWriter out(arrow::binary(), static_cast<int64_t>(maps_.size()));
    for (const std::string& map : maps_) {
      out.Append(map);
      out.EndRow();
    }
    return out.Finish();
  }
  BitmapOp op_;
  std::vector<std::string> maps_;
};

BindAggregate BindBitmap(BitmapOp op) {
  return [op](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 1, 1);
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = PrettyName(context);
    binding->type = Binary();
    binding->nullable = false;
    binding->argument_types = Coerce(context, arguments, {op == BitmapOp::kConstruct ? Long() : Binary()});
    binding->buffers = {{"bitmap", Binary(), false}};
    binding->make = [op] { return std::make_unique<Bitmaps>(op); };
    return binding;
  };
}

int64_t CountBits(std::string_view bytes) {
  int64_t count = 0;
  for (char c : bytes) count += std::popcount(static_cast<unsigned char>(c));
  return count;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, BitmapAggregates) {
  registry.Add({.name = "bitmap_construct_agg",
                .usage = "A bitmap with the bits at the given positions set.",
                .example = "SELECT substring(hex(bitmap_construct_agg(a)), 1, 6) FROM VALUES (1), (2), (3) AS t(a)",
                .since = "3.5.0",
                .bind = BindBitmap(BitmapOp::kConstruct)});
  registry.Add({.name = "bitmap_or_agg",
                .usage = "The bits that one of the bitmaps has.",
                .example = "SELECT substring(hex(bitmap_or_agg(a)), 1, 6) FROM VALUES (X'10'), (X'20') AS t(a)",
                .since = "3.5.0",
                .bind = BindBitmap(BitmapOp::kOr)});
  registry.Add({.name = "bitmap_and_agg",
                .usage = "The bits that all bitmaps have.",
                .example = "SELECT substring(hex(bitmap_and_agg(a)), 1, 6) FROM VALUES (X'F0'), (X'70') AS t(a)",
                .since = "4.1.0",
                .bind = BindBitmap(BitmapOp::kAnd)});
}

SLUICE_REGISTER(FunctionRegistry, BitmapFunctions) {
  registry.Add({.name = "bitmap_bit_position",
                .usage = "The position of a number's bit in its bitmap.",
                .example = "SELECT bitmap_bit_position(1)",
                .since = "3.5.0",
                .bind = Simple({.parameters = {Long()},
                                .type = Long(),
                                .kernel = TotalKernel<int64_t(int64_t)>(Long(), [](int64_t v) {
                                  return v > 0 ? (v - 1) % kBitmapBits
                                               : static_cast<int64_t>(-static_cast<uint64_t>(v) % kBitmapBits);
                                })})});
  registry.Add(
      {.name = "bitmap_bucket_number",
       .usage = "The number of the bitmap that holds a number's bit.",
       .example = "SELECT bitmap_bucket_number(123)",
       .since = "3.5.0",
       .bind = Simple(
           {.parameters = {Long()}, .type = Long(), .kernel = TotalKernel<int64_t(int64_t)>(Long(), [](int64_t v) {
                                                      return v > 0 ? 1 + (v - 1) / kBitmapBits : v / kBitmapBits;
                                                    })})});
  registry.Add({.name = "bitmap_count",
                .usage = "The number of bits that are set.",
                .example = "SELECT bitmap_count(X'1010')",
                .since = "3.5.0",
                .bind = Simple({.parameters = {Binary()},
                                .type = Long(),
                                .kernel = RowKernel<int64_t(std::string_view)>(Long(), CountBits)})});
}

}  // namespace sluice::functions
