// bit_and, bit_or, bit_xor.
#include "functions/aggregate/group_values.h"
#include "functions/registry.h"
#include "functions/signature.h"
#include "functions/type_dispatch.h"

namespace sluice::functions {
namespace {

enum class BitOp { kAnd, kOr, kXor };

template <typename T>
class Bits : public logical::GroupedAccumulator {
 public:
  Bits(std::shared_ptr<arrow::DataType> type, BitOp op) : type_(std::move(type)), op_(op) {}
  void Resize(int64_t groups) override { values_.Resize(groups); }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    ForEachValue<T>(arguments[0], group_ids, rows, [this](uint32_t group, T value) {
      T old = values_.values[group];
      if (values_.set[group]) {
        value = static_cast<T>(op_ == BitOp::kAnd ? old & value : op_ == BitOp::kOr ? old | value : old ^ value);
      }
      values_.Set(group, value);
    });
  }
  void Merge(logical::EvalContext& context, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    Update(context, buffers, group_ids, rows);
  }
  arrow::ArrayVector Buffers() const override { return {values_.ToArray(type_)}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override { return values_.ToArray(type_); }
  int64_t MemoryUsed() const override { return values_.MemoryUsed(); }

 private:
  std::shared_ptr<arrow::DataType> type_;
  BitOp op_;
  GroupValues<T> values_;
};

BindAggregate BindBits(BitOp op) {
  return [op](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 1, 1);
    types::TypePtr type = Coerce(context, arguments, {Expected::Integral()})[0];
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = PrettyName(context);
    binding->type = type;
    binding->argument_types = {type};
    binding->buffers = {{binding->name, type, true}};
    binding->make = [type, op] {
      return WithIntegral(*type, [&](auto tag) -> std::unique_ptr<logical::GroupedAccumulator> {
        return std::make_unique<Bits<typename decltype(tag)::type>>(types::ToArrow(type), op);
      });
    };
    return binding;
  };
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, BitAggregates) {
  registry.Add({.name = "bit_and",
                .usage = "The bits that all values have.",
                .example = "SELECT bit_and(a) FROM VALUES (3), (5) AS t(a)",
                .since = "3.0.0",
                .bind = BindBits(BitOp::kAnd)});
  registry.Add({.name = "bit_or",
                .usage = "The bits that one of the values has.",
                .example = "SELECT bit_or(a) FROM VALUES (3), (5) AS t(a)",
                .since = "3.0.0",
                .bind = BindBits(BitOp::kOr)});
  registry.Add({.name = "bit_xor",
                .usage = "The bits that an odd number of values has.",
                .example = "SELECT bit_xor(a) FROM VALUES (3), (5) AS t(a)",
                .since = "3.0.0",
                .bind = BindBits(BitOp::kXor)});
}

}  // namespace sluice::functions
