// Whole texts of types and schemas: DDL and what readers take as a schema.
#include "base/error.h"
#include "types/data_type.h"
#include "types/type_parser.h"

namespace sluice::types {
namespace {

TypePtr ParseTableSchema(std::string_view ddl) {
  TokenStream tokens(ddl);
  std::vector<StructField> fields = ParseColumns(tokens);
  tokens.ExpectEnd(/*semicolons=*/false);
  return Struct(std::move(fields));
}

}  // namespace

TypePtr ParseTypeName(std::string_view text) {
  TokenStream tokens(text);
  bool known_word = tokens.IsIdentifier() && !tokens.AtEnd();
  TypePtr type;
  try {
    type = ParseDataType(tokens);
  } catch (const base::Error& error) {
    // "a INT": what follows an unknown name is reported before the name itself.
    if (error.condition() == "UNSUPPORTED_DATATYPE" && known_word && !tokens.AtEnd()) tokens.ExpectEnd(false);
    throw;
  }
  if (!tokens.AtEnd()) throw tokens.SyntaxError();
  return type;
}

TypePtr ParseDdl(std::string_view ddl) {
  try {
    return ParseTableSchema(ddl);
  } catch (const base::Error&) {
    // The message that counts is that of this first attempt. Spark takes two more forms: "int" and "a: int".
    try {
      return ParseTypeName(ddl);
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::kParse) throw;  // "decimal(50,2)" has the form of a type
    }
    try {
      return ParseTypeName("struct<" + std::string(ddl) + ">");
    } catch (const base::Error&) {
    }
    throw;
  }
}

TypePtr ParseSchemaText(std::string_view text) {
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '"')) {
    TypePtr type = ParseJsonType(text);
    if (type->Is(TypeId::kStruct)) return type;
    throw base::Error::Plain(base::ErrorKind::kInvalidPlan, "Invalid schema " + type->SimpleString());
  }
  return ParseTableSchema(text);
}

}  // namespace sluice::types
