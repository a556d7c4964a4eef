// explode, posexplode, inline, stack and their outer forms.
#include <arrow/array/concatenate.h>

#include "base/arrow_status.h"
#include "base/error.h"
#include "functions/columns.h"
#include "functions/registry.h"
#include "functions/signature.h"
#include "functions/writers.h"

namespace sluice::functions {
namespace {

using logical::GeneratedRows;
using logical::GeneratorBinding;
using logical::GeneratorBindingPtr;
using types::TypeId;
using types::TypePtr;

/// Where the elements of each list or map lie, and which rows and positions they come from.
struct Elements {
  std::vector<int64_t> parents;
  std::vector<int64_t> children;
  std::vector<int32_t> positions;
};

Elements Flatten(const std::shared_ptr<arrow::Array>& lists, int64_t rows) {
  Elements out;
  Column<Range> ranges(lists);
  for (int64_t row = 0; row < rows; ++row) {
    if (!ranges.valid(row)) continue;
    Range range = ranges[row];
    for (int64_t child = range.begin; child < range.end; ++child) {
      out.parents.push_back(row);
      out.children.push_back(child);
      out.positions.push_back(static_cast<int32_t>(child - range.begin));
    }
  }
  return out;
}

std::shared_ptr<arrow::Array> PositionColumn(const std::vector<int32_t>& positions) {
  Writer<int32_t> out(arrow::int32(), static_cast<int64_t>(positions.size()));
  for (size_t i = 0; i < positions.size(); ++i) out.Set(static_cast<int64_t>(i), positions[i]);
  return out.Finish();
}

GeneratedRows ExplodeRows(const std::shared_ptr<arrow::Array>& argument, int64_t rows, bool positions) {
  Elements elements = Flatten(argument, rows);
  GeneratedRows out;
  if (positions) out.outputs.push_back(PositionColumn(elements.positions));
  if (argument->type_id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapArray&>(*argument);
    out.outputs.push_back(TakeRows(map.keys(), elements.children));
    out.outputs.push_back(TakeRows(map.items(), elements.children));
  } else {
    out.outputs.push_back(TakeRows(static_cast<const arrow::ListArray&>(*argument).values(), elements.children));
  }
  out.parents = std::move(elements.parents);
  return out;
}

BindGenerator BindExplode(bool positions, bool outer) {
  return [positions, outer](const BindContext& context, const Arguments& arguments) -> GeneratorBindingPtr {
    CheckCount(context, arguments, 1, 1);
    const TypePtr& type = arguments[0].type;
    auto binding = std::make_shared<GeneratorBinding>();
    binding->name = PrettyName(context);
    binding->argument_types = {type};
    binding->outer = outer;
    if (positions) binding->outputs.push_back({"pos", types::Integer(), outer});
    if (type->Is(TypeId::kArray)) {
      binding->outputs.push_back({"col", type->element(), outer || type->contains_null()});
    } else if (type->Is(TypeId::kMap)) {
      binding->outputs.push_back({"key", type->key(), outer});
      binding->outputs.push_back({"value", type->value(), outer || type->contains_null()});
    } else {
      throw UnexpectedInput(context, arguments, 0, "(\"ARRAY\" or \"MAP\")");
    }
    binding->kernel = [positions](logical::EvalContext&, const arrow::ArrayVector& values, int64_t rows) {
      return ExplodeRows(values[0], rows, positions);
    };
    return binding;
  };
}

// inline(array of structs): the struct's fields become columns; a null struct gives nulls.
BindGenerator BindInline(bool outer) {
  return [outer](const BindContext& context, const Arguments& arguments) -> GeneratorBindingPtr {
    CheckCount(context, arguments, 1, 1);
    const TypePtr& type = arguments[0].type;
    if (!type->Is(TypeId::kArray) || !type->element()->Is(TypeId::kStruct)) {
      throw UnexpectedInput(context, arguments, 0, "\"ARRAY<STRUCT>\"");
    }
    auto binding = std::make_shared<GeneratorBinding>();
    binding->name = PrettyName(context);
    binding->argument_types = {type};
    binding->outer = outer;
    bool nullable = outer || type->contains_null();
    for (const types::StructField& field : type->element()->fields()) {
      binding->outputs.push_back({field.name, field.type, nullable || field.nullable});
    }
    binding->kernel = [](logical::EvalContext&, const arrow::ArrayVector& values, int64_t rows) {
      Elements elements = Flatten(values[0], rows);
      auto taken = TakeRows(static_cast<const arrow::ListArray&>(*values[0]).values(), elements.children);
      GeneratedRows out;
      const auto& structs = static_cast<const arrow::StructArray&>(*taken);
      for (int field = 0; field < structs.num_fields(); ++field) {
        out.outputs.push_back(base::ValueOrThrow(structs.GetFlattenedField(field)));
      }
      out.parents = std::move(elements.parents);
      return out;
    };
    return binding;
  };
}

// The values of one column of stack(), row after row; a missing last value is null.
std::shared_ptr<arrow::Array> StackColumn(const arrow::ArrayVector& columns, int64_t column, int64_t count,
                                          int64_t width, int64_t values, int64_t rows) {
  arrow::ArrayVector pieces;
  for (int64_t i = column; i < values; i += width) pieces.push_back(columns[1 + i]);
  auto all = Concatenated(pieces);
  std::vector<int64_t> indices;
  indices.reserve(rows * count);
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t line = 0; line < count; ++line) {
      indices.push_back(line * width + column < values ? line * rows + row : -1);
    }
  }
  return TakeRows(all, indices);
}

// stack(n, v1, v2, …): the values in n rows.
GeneratorBindingPtr BindStack(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, kUnlimited);
  if (!arguments[0].literal || IsNullLiteral(arguments[0]) || !arguments[0].type->IsIntegral()) {
    throw UnexpectedInput(context, arguments, 0, "\"INT\"");
  }
  int64_t count = LongLiteral(arguments[0]);
  if (count <= 0) {
    throw TypeMismatch(
        context, arguments, "VALUE_OUT_OF_RANGE",
        {{"exprName", "`n`"}, {"valueRange", "(0, 2147483647]"}, {"currentValue", std::to_string(count)}});
  }
  auto values = static_cast<int64_t>(arguments.size()) - 1;
  int64_t width = (values + count - 1) / count;
  auto binding = std::make_shared<GeneratorBinding>();
  binding->name = "stack";
  binding->argument_types = {arguments[0].type};
  for (int64_t column = 0; column < width; ++column) {
    TypePtr type = types::Null();
    for (int64_t i = column; i < values; i += width) {
      TypePtr wider = FindWiderType(type, arguments[1 + i].type, context.ansi);
      if (!wider) {
        throw TypeMismatch(context, arguments, "STACK_COLUMN_DIFF_TYPES",
                           {{"columnIndex", std::to_string(column)},
                            {"leftParamIndex", std::to_string(column + 1)},
                            {"leftType", Quoted(*type)},
                            {"rightParamIndex", std::to_string(i + 1)},
                            {"rightType", Quoted(*arguments[1 + i].type)}});
      }
      type = wider;
    }
    binding->outputs.push_back({"col" + std::to_string(column), type, true});
  }
  for (int64_t i = 0; i < values; ++i) binding->argument_types.push_back(binding->outputs[i % width].type);
  binding->kernel = [count, width, values](logical::EvalContext&, const arrow::ArrayVector& columns, int64_t rows) {
    GeneratedRows out;
    for (int64_t row = 0; row < rows; ++row) out.parents.insert(out.parents.end(), count, row);
    for (int64_t column = 0; column < width; ++column) {
      out.outputs.push_back(StackColumn(columns, column, count, width, values, rows));
    }
    return out;
  };
  return binding;
}

void AddExplode(FunctionRegistry& registry, const char* name, const char* usage, bool positions, bool outer) {
  registry.Add({.name = name,
                .usage = usage,
                .example = std::string("SELECT ") + name + "(array(10, 20))",
                .since = "1.0.0",
                .bind = BindExplode(positions, outer)});
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Explode) {
  AddExplode(registry, "explode", "A row for each element of an array or entry of a map.", false, false);
  AddExplode(registry, "explode_outer", "Like explode; a null or empty collection gives one row of nulls.", false,
             true);
  AddExplode(registry, "posexplode", "Like explode, with the position of the element first.", true, false);
  AddExplode(registry, "posexplode_outer", "Like explode_outer, with the position of the element first.", true, true);
}

SLUICE_REGISTER(FunctionRegistry, InlineAndStack) {
  registry.Add({.name = "inline",
                .usage = "A row for each struct of an array, its fields as columns.",
                .example = "SELECT inline(array(struct(1, 'a'), struct(2, 'b')))",
                .since = "2.0.0",
                .bind = BindInline(false)});
  registry.Add({.name = "inline_outer",
                .usage = "Like inline; a null or empty array gives one row of nulls.",
                .example = "SELECT inline_outer(array(struct(1, 'a'), struct(2, 'b')))",
                .since = "2.0.0",
                .bind = BindInline(true)});
  registry.Add({.name = "stack",
                .usage = "The values after the first argument n, in n rows.",
                .example = "SELECT stack(2, 1, 2, 3)",
                .since = "2.0.0",
                .bind = BindGenerator(BindStack)});
}

}  // namespace sluice::functions
