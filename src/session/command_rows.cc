// Builds small Arrow tables for the answers of commands.
#include "session/command_rows.h"

#include <arrow/builder.h>
#include <arrow/table.h>

#include "base/arrow_status.h"

namespace sluice::session {
namespace {

std::shared_ptr<arrow::Array> BuildColumn(const types::StructField& column, size_t index,
                                          const std::vector<std::vector<Cell>>& rows) {
  auto builder = base::ValueOrThrow(arrow::MakeBuilder(types::ToArrow(column.type)));
  for (const std::vector<Cell>& row : rows) {
    const Cell& cell = row[index];
    if (!cell) {
      base::ThrowIfError(builder->AppendNull());
    } else if (column.type->Is(types::TypeId::kBoolean)) {
      base::ThrowIfError(static_cast<arrow::BooleanBuilder&>(*builder).Append(*cell == "true"));
    } else if (column.type->Is(types::TypeId::kArray)) {
      auto& list = static_cast<arrow::ListBuilder&>(*builder);
      base::ThrowIfError(list.Append());
      auto& texts = static_cast<arrow::StringBuilder&>(*list.value_builder());
      for (size_t at = 0; at <= cell->size() && !cell->empty();) {
        size_t end = std::min(cell->find('\n', at), cell->size());
        base::ThrowIfError(texts.Append(cell->substr(at, end - at)));
        at = end + 1;
      }
    } else {
      base::ThrowIfError(static_cast<arrow::StringBuilder&>(*builder).Append(*cell));
    }
  }
  return base::ValueOrThrow(builder->Finish());
}

}  // namespace

plan::RelationPtr MakeRows(const std::vector<types::StructField>& columns, const std::vector<std::vector<Cell>>& rows) {
  types::TypePtr schema = types::Struct(columns);
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) arrays.push_back(BuildColumn(columns[i], i, rows));
  auto table = arrow::Table::Make(types::ToArrowSchema(*schema), arrays, static_cast<int64_t>(rows.size()));
  return plan::MakeRelation(plan::LocalRelation{table, schema});
}

plan::RelationPtr NoRows() { return MakeRows({}, {}); }

}  // namespace sluice::session
