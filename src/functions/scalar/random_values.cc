// rand, randn, uniform, randstr, uuid: random values that a seed fixes for each partition.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "functions/cast.h"
#include "functions/kernels.h"
#include "functions/random.h"
#include "functions/signature.h"
#include "types/xor_shift_random.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::Double;
using types::String;
using types::TypeId;
using types::TypePtr;

namespace {

/// The generators of a call's partitions, kept between batches: a partition's next batch goes on where the last ended.
template <typename Generator>
class Generators {
 public:
  explicit Generators(int64_t seed) : seed_(seed) {}
  /// Runs `draw(generator)` for each of `rows` rows of the context's partition.
  template <typename Draw>
  void Run(const EvalContext& context, int64_t rows, Draw&& draw) {
    Place place = Take(context, draw);
    for (int64_t row = 0; row < rows; ++row) draw(place.generator, row);
    place.next_row = context.rows_before + rows;
    std::lock_guard lock(mutex_);
    places_.insert_or_assign(context.partition_id, std::move(place));
  }

 private:
  struct Place {
    Generator generator;
    int64_t next_row = 0;
  };
  template <typename Draw>
  Place Take(const EvalContext& context, Draw&& draw) {
    {
      std::lock_guard lock(mutex_);
      auto found = places_.find(context.partition_id);
      if (found != places_.end() && found->second.next_row == context.rows_before) return found->second;
    }
    Place place{Generator(seed_ + context.partition_id)};
    for (int64_t row = 0; row < context.rows_before; ++row) draw(place.generator, -1);
    return place;
  }
  int64_t seed_;
  std::mutex mutex_;
  std::map<int, Place> places_;
};

int64_t SeedOf(const BindContext& context, const Arguments& arguments, size_t at) {
  if (arguments.size() <= at) return RandomSeed();
  const Argument& seed = arguments[at];
  if (!seed.literal) {
    throw TypeMismatch(context, arguments, "NON_FOLDABLE_INPUT",
                       {{"inputName", "`seed`"}, {"inputType", "\"BIGINT\""}, {"inputExpr", QuotedSql(seed.sql)}});
  }
  if (seed.literal->is_null()) return 0;
  if (!seed.type->IsIntegral())
    throw UnexpectedInput(context, arguments, static_cast<int>(at), "(\"INT\" or \"BIGINT\")");
  return LongLiteral(seed);
}

std::vector<TypePtr> GivenTypes(const Arguments& arguments) {
  std::vector<TypePtr> out;
  for (const Argument& argument : arguments) out.push_back(argument.type);
  return out;
}

std::shared_ptr<logical::ScalarBinding> RandomBinding(const BindContext& context, const Arguments& arguments,
                                                      TypePtr type, logical::ScalarKernel kernel) {
  auto binding =
      NewBinding(context, arguments, std::move(type), GivenTypes(arguments), std::move(kernel), Nulls::kNever);
  binding->deterministic = false;
  binding->foldable = false;
  return binding;
}

enum class Distribution { kUniform, kNormal };

BindScalar Random(Distribution distribution) {
  return [distribution](const BindContext& context, const Arguments& arguments) -> ScalarBindingPtr {
    CheckCount(context, arguments, 0, 1);
    auto generators = std::make_shared<Generators<types::XorShiftRandom>>(SeedOf(context, arguments, 0));
    auto kernel = [generators, distribution](EvalContext& eval, const std::vector<arrow::Datum>&, int64_t rows) {
      Writer<double> out(arrow::float64(), rows);
      double* values = out.values();
      generators->Run(eval, rows, [values, distribution](types::XorShiftRandom& random, int64_t row) {
        double value = distribution == Distribution::kUniform ? random.NextDouble() : random.NextGaussian();
        if (row >= 0) values[row] = value;
      });
      return arrow::Datum(out.Finish());
    };
    auto binding = RandomBinding(context, arguments, Double(), kernel);
    // "random" is another name of rand that is not shown.
    if (binding->name == "random") binding->name = "rand";
    return binding;
  };
}

/// Numbers between two constants, of the wider of their types.
ScalarBindingPtr BindUniform(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  for (int i = 0; i < 2; ++i) {
    if (!arguments[i].literal) {
      throw TypeMismatch(context, arguments, "NON_FOLDABLE_INPUT",
                         {{"inputName", i == 0 ? "`min`" : "`max`"},
                          {"inputType", "integer or floating-point"},
                          {"inputExpr", QuotedSql(arguments[i].sql)}});
    }
    if (!arguments[i].type->IsNumeric() && !arguments[i].type->Is(TypeId::kNull)) {
      throw UnexpectedInput(context, arguments, i, "integer or floating-point");
    }
  }
  TypePtr type = FindWiderType(arguments[0].type, arguments[1].type, context.ansi);
  if (type->Is(TypeId::kNull)) type = types::Integer();
  auto generators = std::make_shared<Generators<types::XorShiftRandom>>(SeedOf(context, arguments, 2));
  auto to_double = MakeCastKernel(type, Double(), logical::CastBehaviour::kLegacy);
  auto from_double = MakeCastKernel(Double(), type, logical::CastBehaviour::kLegacy);
  auto kernel = [=](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    Column<double> low(to_double(eval, {values[0]}, rows)), high(to_double(eval, {values[1]}, rows));
    if (!low.valid(0) || !high.valid(0)) {
      return arrow::Datum(arrow::MakeNullScalar(types::ToArrow(type)));
    }
    double from = low[0], width = high[0] - low[0];
    Writer<double> out(arrow::float64(), rows);
    double* drawn = out.values();
    generators->Run(eval, rows, [=](types::XorShiftRandom& random, int64_t row) {
      double value = from + width * random.NextDouble();
      if (row >= 0) drawn[row] = value;
    });
    return from_double(eval, {arrow::Datum(out.Finish())}, rows);
  };
  auto binding = RandomBinding(context, arguments, type, kernel);
  binding->argument_types[0] = binding->argument_types[1] = type;
  return binding;
}

ScalarBindingPtr BindRandStr(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  if (!arguments[0].literal) {
    throw TypeMismatch(
        context, arguments, "NON_FOLDABLE_INPUT",
        {{"inputName", "`length`"}, {"inputType", "INT or SMALLINT"}, {"inputExpr", QuotedSql(arguments[0].sql)}});
  }
  if (!arguments[0].type->IsIntegral()) throw UnexpectedInput(context, arguments, 0, "INT or SMALLINT");
  int64_t length = arguments[0].literal->is_null() ? 0 : LongLiteral(arguments[0]);
  if (length < 0) {
    throw base::Error(
        base::ErrorKind::kIllegalArgument, "INVALID_PARAMETER_VALUE.LENGTH",
        {{"functionName", QuotedName(context)}, {"parameter", "`length`"}, {"length", std::to_string(length)}});
  }
  auto generators = std::make_shared<Generators<types::XorShiftRandom>>(SeedOf(context, arguments, 1));
  auto kernel = [generators, length](EvalContext& eval, const std::vector<arrow::Datum>&, int64_t rows) {
    static constexpr char kLetters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    TextWriter out(arrow::utf8(), rows);
    generators->Run(eval, rows, [&out, length](types::XorShiftRandom& random, int64_t row) {
      for (int64_t i = 0; i < length; ++i) {
        char letter = kLetters[std::abs(random.NextInt() % 62)];
        if (row >= 0) out.Append(letter);
      }
      if (row >= 0) out.EndRow();
    });
    return arrow::Datum(out.Finish());
  };
  return RandomBinding(context, arguments, String(), kernel);
}

ScalarBindingPtr BindUuid(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 0, 1);
  auto generators = std::make_shared<Generators<MersenneTwister>>(SeedOf(context, arguments, 0));
  auto kernel = [generators](EvalContext& eval, const std::vector<arrow::Datum>&, int64_t rows) {
    TextWriter out(arrow::utf8(), rows);
    generators->Run(eval, rows, [&out](MersenneTwister& random, int64_t row) {
      uint64_t high = (static_cast<uint64_t>(random.NextLong()) & 0xFFFFFFFFFFFF0FFFu) | 0x4000u;
      uint64_t low = (static_cast<uint64_t>(random.NextLong()) | 0x8000000000000000u) & 0xBFFFFFFFFFFFFFFFu;
      if (row < 0) return;
      out.Append(fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xffff,
                             low >> 48, low & 0xffffffffffffu));
      out.EndRow();
    });
    return arrow::Datum(out.Finish());
  };
  auto binding = RandomBinding(context, arguments, String(), kernel);
  binding->sql = [](const std::vector<std::string>&) { return std::string("uuid()"); };
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, RandomValues) {
  registry.Add({.name = "rand",
                .aliases = {"random"},
                .usage = "A random number from 0 to 1, evenly distributed.",
                .example = "SELECT rand(0) < 1",
                .since = "1.5.0",
                .bind = Random(Distribution::kUniform)});
  registry.Add({.name = "randn",
                .usage = "A random number of the standard normal distribution.",
                .example = "SELECT randn(0) IS NOT NULL",
                .since = "1.5.0",
                .bind = Random(Distribution::kNormal)});
  registry.Add({.name = "uniform",
                .usage = "A random number between two constants.",
                .example = "SELECT uniform(10, 20, 0) > 0",
                .since = "4.0.0",
                .bind = BindScalar(BindUniform)});
  registry.Add({.name = "randstr",
                .usage = "A text of random letters and digits.",
                .example = "SELECT length(randstr(3, 0))",
                .since = "4.0.0",
                .bind = BindScalar(BindRandStr)});
  registry.Add({.name = "uuid",
                .usage = "A random UUID.",
                .example = "SELECT length(uuid())",
                .since = "2.3.0",
                .bind = BindScalar(BindUuid)});
}

}  // namespace sluice::functions
