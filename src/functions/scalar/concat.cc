// concat, concat_ws, elt.
#include <algorithm>

#include "functions/kernels.h"
#include "functions/scalar/array_concat.h"
#include "functions/signature.h"

namespace sluice::functions {

using logical::EvalContext;
using types::Binary;
using types::Integer;
using types::String;
using types::TypeId;
using types::TypePtr;

namespace {

logical::ScalarKernel ConcatKernel(const TypePtr& type) {
  return [arrow_type = types::ToArrow(type)](EvalContext&, const std::vector<arrow::Datum>& arguments,
                                             int64_t rows) -> arrow::Datum {
    bool constant = AllConstant(arguments);
    int64_t count = constant ? 1 : rows;
    std::vector<Column<std::string_view>> columns;
    for (const arrow::Datum& argument : arguments) columns.emplace_back(argument);
    std::vector<const ColumnBase*> all;
    for (const auto& column : columns) all.push_back(&column);
    auto validity = AndValidity(all, count);
    TextWriter out(arrow_type, count, validity);
    for (int64_t row = 0; row < count; ++row) {
      if (!validity || arrow::bit_util::GetBit(validity->data(), row)) {
        for (const auto& column : columns) out.Append(column[row]);
      }
      out.EndRow();
    }
    auto array = out.Finish();
    return constant ? AsScalar(array) : arrow::Datum(array);
  };
}

logical::ScalarBindingPtr BindConcat(const BindContext& context, const Arguments& arguments) {
  bool arrays = !arguments.empty() && std::any_of(arguments.begin(), arguments.end(), [](const Argument& argument) {
    return argument.type->Is(TypeId::kArray);
  });
  std::shared_ptr<logical::ScalarBinding> binding;
  if (arrays) {
    binding = BindArrayConcat(context, arguments);
  } else {
    bool binary = !arguments.empty() && std::all_of(arguments.begin(), arguments.end(), [](const Argument& argument) {
      return argument.type->Is(TypeId::kBinary);
    });
    TypePtr type = binary ? Binary() : String();
    std::vector<TypePtr> types;
    if (!arguments.empty()) types = Coerce(context, arguments, {type});
    binding = NewBinding(context, arguments, type, std::move(types), ConcatKernel(type));
    binding->can_fail = false;
  }
  binding->name = "concat";
  return binding;
}

/// One argument of concat_ws: a text, or an array of texts that are joined one by one.
struct Piece {
  explicit Piece(const arrow::Datum& datum) {
    if (datum.type()->id() == arrow::Type::LIST) {
      lists.emplace(datum);
      texts.emplace(arrow::MakeArray(lists->array()->data()->child_data[0]));
    } else {
      texts.emplace(datum);
    }
  }
  template <typename F>
  void ForEach(int64_t row, F&& visit) const {
    if (!lists) {
      if (texts->valid(row)) visit((*texts)[row]);
      return;
    }
    if (!lists->valid(row)) return;
    Range range = (*lists)[row];
    for (int64_t i = range.begin; i < range.end; ++i) {
      if (texts->valid(i)) visit((*texts)[i]);
    }
  }
  std::optional<Column<Range>> lists;
  std::optional<Column<std::string_view>> texts;
};

arrow::Datum ConcatWithSeparator(EvalContext&, const std::vector<arrow::Datum>& arguments, int64_t rows) {
  bool constant = AllConstant(arguments);
  int64_t count = constant ? 1 : rows;
  Column<std::string_view> separator(arguments[0]);
  std::vector<Piece> pieces;
  for (size_t i = 1; i < arguments.size(); ++i) pieces.emplace_back(arguments[i]);
  TextWriter out(arrow::utf8(), count, AndValidity({&separator}, count));
  for (int64_t row = 0; row < count; ++row) {
    if (separator.valid(row)) {
      bool first = true;
      std::string_view between = separator[row];
      for (const Piece& piece : pieces) {
        piece.ForEach(row, [&](std::string_view text) {
          if (!first) out.Append(between);
          first = false;
          out.Append(text);
        });
      }
    }
    out.EndRow();
  }
  auto array = out.Finish();
  return constant ? AsScalar(array) : arrow::Datum(array);
}

logical::ScalarBindingPtr BindConcatWs(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, kUnlimited);
  auto types = Coerce(context, arguments, {String(), Expected::OneOf({String(), Expected::ArrayOf(String())})});
  auto binding = NewBinding(context, arguments, String(), types, ConcatWithSeparator,
                            arguments[0].nullable ? Nulls::kAlways : Nulls::kNever);
  binding->can_fail = false;
  return binding;
}

logical::ScalarBindingPtr BindElt(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, kUnlimited);
  bool binary = std::all_of(arguments.begin() + 1, arguments.end(),
                            [](const Argument& argument) { return argument.type->Is(TypeId::kBinary); });
  TypePtr type = binary ? Binary() : String();
  auto types = Coerce(context, arguments, {Integer(), type});
  auto kernel = [arrow_type = types::ToArrow(type), ansi = context.ansi](
                    EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) -> arrow::Datum {
    bool constant = AllConstant(values);
    int64_t count = constant ? 1 : rows;
    Column<int32_t> index(values[0]);
    std::vector<Column<std::string_view>> choices;
    for (size_t i = 1; i < values.size(); ++i) choices.emplace_back(values[i]);
    TextWriter out(arrow_type, count);
    for (int64_t row = 0; row < count; ++row) {
      int32_t wanted = index.valid(row) ? index[row] : 0;
      bool inside = wanted >= 1 && wanted <= static_cast<int32_t>(choices.size());
      if (!inside && ansi && index.valid(row)) {
        throw base::Error(base::ErrorKind::kArrayIndexOutOfBounds, "INVALID_ARRAY_INDEX",
                          {{"indexValue", std::to_string(wanted)}, {"arraySize", std::to_string(choices.size())}});
      }
      if (inside && choices[wanted - 1].valid(row)) {
        out.Append(choices[wanted - 1][row]);
        out.EndRow();
      } else {
        out.EndRowAsNull();
      }
    }
    auto array = out.Finish();
    return constant ? AsScalar(array) : arrow::Datum(array);
  };
  return NewBinding(context, arguments, type, types, kernel, Nulls::kAlways);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Concat) {
  registry.Add({.name = "concat",
                .aliases = {"||"},
                .usage = "Texts, binaries or arrays one after the other; null if one is null.",
                .example = "SELECT concat('Spark', 'SQL')",
                .since = "1.5.0",
                .bind = BindScalar(BindConcat)});
  registry.Add({.name = "concat_ws",
                .usage = "Texts and arrays of texts joined by a separator, leaving out nulls.",
                .example = "SELECT concat_ws(' ', 'Spark', 'SQL')",
                .since = "1.5.0",
                .bind = BindScalar(BindConcatWs)});
  registry.Add({.name = "elt",
                .usage = "The n-th of the following arguments.",
                .example = "SELECT elt(1, 'scala', 'java')",
                .since = "2.0.0",
                .bind = BindScalar(BindElt)});
}

}  // namespace sluice::functions
