// The grammar of data types and column lists, over a token stream; statements use it for CAST and CREATE TABLE.
#pragma once

#include "types/data_type.h"
#include "types/token_stream.h"

namespace sluice::types {

/// "array<struct<a: int>>", "decimal(10,2)", "interval day to second", …
TypePtr ParseDataType(TokenStream& tokens);

/// One column "a INT [NOT NULL] [COMMENT 'x']" of a list.
StructField ParseColumn(TokenStream& tokens);

/// "a INT, b STRING", up to the first token that can't go on.
std::vector<StructField> ParseColumns(TokenStream& tokens);

}  // namespace sluice::types
