// CREATE VIEW, CREATE TABLE and CREATE DATABASE.
#include <set>

#include "sql/grammar.h"
#include "types/type_parser.h"

namespace sluice::sql {

using plan::RelationPtr;

plan::Statement Grammar::Create() {
  Token start = tokens_.Next();
  bool replace = tokens_.AcceptSequence({"OR", "REPLACE"});
  if (tokens_.IsAny({"VIEW", "GLOBAL"})) return CreateView(start, replace);
  if (tokens_.IsAny({"TEMPORARY", "TEMP"})) {
    if (tokens_.Is("VIEW", 1)) return CreateView(start, replace);
    if (tokens_.IsAny({"FUNCTION", "TABLE", "MACRO"}, 1))
      return UnsupportedStatement("CREATE TEMPORARY " + tokens_.Peek(1).upper);
  }
  if (tokens_.IsAny({"TABLE", "EXTERNAL"})) return CreateTable(replace);
  if (tokens_.IsAny({"NAMESPACE", "DATABASE", "SCHEMA"}) && !replace) return CreateDatabase();
  if (tokens_.IsAny({"FUNCTION", "INDEX", "ROLE", "MATERIALIZED", "STREAMING", "FLOW"})) {
    return UnsupportedStatement("CREATE " + tokens_.Peek().upper);
  }
  throw tokens_.SyntaxError();
}

plan::Statement Grammar::CreateView(const Token& start, bool replace) {
  plan::CreateView view;
  view.replace = replace;
  view.is_global = tokens_.Accept("GLOBAL");
  view.is_temporary = tokens_.Accept("TEMPORARY") || tokens_.Accept("TEMP");
  if (view.is_global && !view.is_temporary) throw tokens_.SyntaxError();
  tokens_.Expect("VIEW");
  view.if_not_exists = IfNotExists();
  view.name = TableName();
  if (tokens_.Is("USING") || HasTypedColumns()) return CreateTemporaryViewUsing(std::move(view));

  std::vector<std::string> columns;
  if (tokens_.Accept("(")) {
    do {
      columns.push_back(tokens_.Identifier());
      if (tokens_.Accept("COMMENT")) tokens_.StringLiteral();
    } while (tokens_.Accept(","));
    tokens_.Expect(")");
  }
  while (!tokens_.Is("AS")) {
    if (tokens_.Accept("COMMENT")) {
      tokens_.StringLiteral();
    } else if (tokens_.Accept("TBLPROPERTIES")) {
      Properties();
    } else if (tokens_.IsSequence({"WITH", "SCHEMA"}) || tokens_.Is("PARTITIONED")) {
      throw base::Error::Unsupported("CREATE VIEW … " + tokens_.Peek().upper);
    } else {
      throw tokens_.SyntaxError();
    }
  }
  tokens_.Expect("AS");
  size_t text_start = tokens_.Peek().offset;
  view.input = Query();
  view.sql_text = sql_->substr(text_start, tokens_.Previous().end() - text_start);
  if (!columns.empty()) view.input = MakeRelation(start, plan::ToDF{std::move(view.input), std::move(columns)});
  if (view.is_temporary && view.if_not_exists) throw ErrorFrom(start, "_LEGACY_ERROR_TEMP_0053");
  if (view.is_temporary && view.name.size() > 1) {
    std::vector<std::string> qualifier(view.name.begin(), view.name.end() - 1);
    throw ErrorFrom(start, "INVALID_TEMP_OBJ_QUALIFIER",
                    {{"objectType", "VIEW"},
                     {"objectName", types::QuoteIdentifier({view.name.back()})},
                     {"qualifier", types::QuoteIdentifier(qualifier)}});
  }
  return plan::MakeCommand(std::move(view));
}

// "(a INT, …) USING", where a view over a query has bare names.
bool Grammar::HasTypedColumns() const {
  return tokens_.Is("(") && tokens_.IsIdentifier(1) && tokens_.IsIdentifier(2) && !tokens_.Is("COMMENT", 2);
}

plan::Statement Grammar::CreateTemporaryViewUsing(plan::CreateView view) {
  Token start = tokens_.Peek();
  if (!view.is_temporary) throw tokens_.SyntaxError();
  plan::DataSource source;
  if (tokens_.Accept("(")) {
    source.schema = types::Struct(types::ParseColumns(tokens_));
    tokens_.Expect(")");
  }
  tokens_.Expect("USING");
  source.format = Dotted(tokens_.QualifiedName());
  if (tokens_.Accept("OPTIONS")) source.options = Properties();
  view.input = MakeRelation(start, std::move(source));
  return plan::MakeCommand(std::move(view));
}

std::string Grammar::Dotted(const std::vector<std::string>& name) {
  std::string out;
  for (const std::string& part : name) out += (out.empty() ? "" : ".") + part;
  return out;
}

plan::Statement Grammar::CreateTable(bool replace) {
  Token start = tokens_.Previous();
  plan::CreateTable table;
  table.or_replace = replace;
  bool external = tokens_.Accept("EXTERNAL");
  tokens_.Expect("TABLE");
  table.if_not_exists = IfNotExists();
  table.name = TableName();
  if (tokens_.Is("LIKE")) return UnsupportedStatement("CREATE TABLE … LIKE");
  if (tokens_.Is("(") && !StartsQuery()) TableColumns(&table);
  if (tokens_.Accept("USING")) table.format = Dotted(tokens_.QualifiedName());
  std::set<std::string> seen;
  while (tokens_.IsAny({"OPTIONS", "PARTITIONED", "LOCATION", "COMMENT", "TBLPROPERTIES", "CLUSTERED", "CLUSTER",
                        "STORED", "ROW", "SKEWED", "DEFAULT", "WITH"}) &&
         !StartsQuery()) {
    std::string clause = tokens_.Peek().upper;
    TableClause(&table);
    if (clause == "PARTITIONED") clause = "PARTITIONED BY";
    if (!seen.insert(clause).second) throw ErrorFrom(start, "DUPLICATE_CLAUSES", {{"clauseName", clause}});
  }
  if (tokens_.Accept("AS") || StartsQuery()) table.as_select = Query();
  if (external && table.location.empty()) throw base::Error::Unsupported("CREATE EXTERNAL TABLE without LOCATION");
  return plan::MakeCommand(std::move(table));
}

void Grammar::TableColumns(plan::CreateTable* table) {
  tokens_.Expect("(");
  std::vector<types::StructField> columns;
  do {
    columns.push_back(types::ParseColumn(tokens_));
    if (tokens_.IsAny({"DEFAULT", "GENERATED", "CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "REFERENCES"})) {
      throw base::Error::Unsupported("A column with " + tokens_.Peek().upper);
    }
  } while (tokens_.Accept(","));
  tokens_.Expect(")");
  table->schema = types::Struct(std::move(columns));
}

void Grammar::TableClause(plan::CreateTable* table) {
  if (tokens_.Accept("OPTIONS")) {
    table->options = Properties();
  } else if (tokens_.Accept("LOCATION")) {
    table->location = tokens_.StringLiteral();
  } else if (tokens_.Accept("COMMENT")) {
    table->comment = tokens_.StringLiteral();
  } else if (tokens_.Accept("TBLPROPERTIES")) {
    table->properties = Properties();
  } else if (tokens_.AcceptSequence({"PARTITIONED", "BY"})) {
    PartitionedBy(table);
  } else {
    throw base::Error::Unsupported("CREATE TABLE … " + tokens_.Peek().upper + " " + tokens_.Peek(1).upper);
  }
}

// Either names of columns or, as in Hive, further columns with their types.
void Grammar::PartitionedBy(plan::CreateTable* table) {
  tokens_.Expect("(");
  std::vector<types::StructField> columns;
  if (table->schema) columns = table->schema->fields();
  do {
    if (tokens_.IsIdentifier() && tokens_.Is("(", 1)) {
      throw base::Error::Unsupported("Partitioning by the transform " + std::string(tokens_.Peek().text));
    }
    if (tokens_.IsIdentifier(1)) {
      columns.push_back(types::ParseColumn(tokens_));
      table->partition_by.push_back(columns.back().name);
    } else {
      table->partition_by.push_back(Dotted(tokens_.QualifiedName()));
    }
  } while (tokens_.Accept(","));
  tokens_.Expect(")");
  if (!columns.empty()) table->schema = types::Struct(std::move(columns));
}

plan::Statement Grammar::CreateDatabase() {
  tokens_.Next();
  plan::CreateDatabase database;
  database.if_not_exists = IfNotExists();
  database.name = TableName().back();
  while (tokens_.IsAny({"COMMENT", "LOCATION", "WITH"})) {
    if (tokens_.Accept("LOCATION")) {
      database.location = tokens_.StringLiteral();
    } else if (tokens_.Accept("COMMENT")) {
      database.comment = tokens_.StringLiteral();
    } else {
      tokens_.Next();
      if (!tokens_.Accept("DBPROPERTIES")) tokens_.Expect("PROPERTIES");
      database.properties = Properties();
    }
  }
  return plan::MakeCommand(std::move(database));
}

plan::Options Grammar::Properties() {
  tokens_.Expect("(");
  plan::Options properties;
  do {
    std::string key = PropertyKey();
    tokens_.Accept("=");
    bool has_value = !tokens_.IsAny({",", ")"});
    properties[key] = has_value ? PropertyValue() : "";
  } while (tokens_.Accept(","));
  tokens_.Expect(")");
  return properties;
}

std::string Grammar::PropertyKey() {
  if (tokens_.Peek().kind == TokenKind::kString) return Strings();
  return Dotted(tokens_.QualifiedName());
}

std::string Grammar::PropertyValue() {
  Token token = tokens_.Peek();
  if (token.kind == TokenKind::kString) return Strings();
  if (tokens_.IsAny({"TRUE", "FALSE"})) return tokens_.Next().upper == "TRUE" ? "true" : "false";
  bool negative = tokens_.Accept("-");
  TokenKind kind = tokens_.Peek().kind;
  if (kind < TokenKind::kInteger || kind > TokenKind::kBigDecimal) throw tokens_.SyntaxError();
  return (negative ? "-" : "") + std::string(tokens_.Next().text);
}

}  // namespace sluice::sql
