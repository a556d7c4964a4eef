// The rows that commands such as SHOW TABLES give back, as a local relation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/relation.h"

namespace sluice::session {

/// A cell: text for STRING columns, "true"/"false" for BOOLEAN ones, nothing for null.
using Cell = std::optional<std::string>;

/// `columns` may have the types STRING, BOOLEAN and ARRAY<STRING> (cell text: elements joined by '\n').
plan::RelationPtr MakeRows(const std::vector<types::StructField>& columns, const std::vector<std::vector<Cell>>& rows);
/// No columns, no rows: what DDL gives back.
plan::RelationPtr NoRows();

}  // namespace sluice::session
