// SHOW, SET and RESET.
#include <cctype>

#include "sql/grammar.h"
#include "types/datetime_text.h"

namespace sluice::sql {
namespace {

constexpr const char* kTimeZoneKey = "spark.sql.session.timeZone";

std::string_view Trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

bool IsConfKey(std::string_view text) {
  for (char c : text) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '.' && c != ':') return false;
  }
  return !text.empty();
}

}  // namespace

std::vector<std::string> Grammar::InDatabase() {
  if (!tokens_.IsAny({"FROM", "IN"})) return {};
  tokens_.Next();
  return TableName();
}

std::string Grammar::Pattern() {
  if (tokens_.Accept("LIKE") || tokens_.Peek().kind == TokenKind::kString) return Strings();
  return "";
}

plan::Statement Grammar::Show() {
  tokens_.Next();
  if (tokens_.Accept("TABLES")) {
    plan::ShowTables show;
    show.database = InDatabase();
    show.pattern = Pattern();
    return plan::MakeCommand(std::move(show));
  }
  if (tokens_.IsAny({"DATABASES", "SCHEMAS", "NAMESPACES"})) {
    tokens_.Next();
    if (tokens_.IsAny({"FROM", "IN"})) throw base::Error::Unsupported("SHOW DATABASES IN a catalog");
    return plan::MakeCommand(plan::ShowDatabases{Pattern()});
  }
  if (tokens_.Accept("COLUMNS")) {
    if (!tokens_.IsAny({"FROM", "IN"})) throw tokens_.SyntaxError();
    plan::ShowColumns show{InDatabase()};
    std::vector<std::string> database = InDatabase();
    show.table.insert(show.table.begin(), database.begin(), database.end());
    return plan::MakeCommand(std::move(show));
  }
  bool scoped = tokens_.IsAny({"ALL", "USER", "SYSTEM"}) && tokens_.Is("FUNCTIONS", 1);
  if (scoped && tokens_.Is("USER")) throw base::Error::Unsupported("SHOW USER FUNCTIONS");
  if (scoped) tokens_.Next();
  if (tokens_.Accept("FUNCTIONS")) {
    if (!InDatabase().empty()) throw base::Error::Unsupported("SHOW FUNCTIONS IN a database");
    bool is_name = tokens_.IsIdentifier() && !tokens_.Is("LIKE");
    return plan::MakeCommand(plan::ShowFunctions{is_name ? tokens_.QualifiedName().back() : Pattern()});
  }
  if (tokens_.IsAny({"TABLE", "TBLPROPERTIES", "VIEWS", "PARTITIONS", "CREATE", "CATALOGS", "CURRENT", "COLLATIONS",
                     "PROCEDURES"})) {
    bool two = tokens_.IsAny({"TABLE", "CREATE", "CURRENT"});
    if (two && tokens_.Peek(1).kind == TokenKind::kEnd) throw tokens_.SyntaxErrorAt(tokens_.Peek(1));
    return UnsupportedStatement("SHOW " + tokens_.Peek().upper + (two ? " " + tokens_.Peek(1).upper : ""));
  }
  if (!tokens_.IsIdentifier()) throw tokens_.SyntaxError();
  tokens_.Next();
  throw tokens_.SyntaxError(": missing 'FUNCTIONS'");
}

// The text from the current token to the end of the statement.
std::string Grammar::RestOfText() {
  size_t start = tokens_.Peek().offset;
  while (!tokens_.AtEnd()) tokens_.Next();
  return std::string(Trim(std::string_view(*sql_).substr(start)));
}

plan::Statement Grammar::Set() {
  Token start = tokens_.Next();
  if (tokens_.IsSequence({"TIME", "ZONE"})) return SetTimeZone();
  if (tokens_.IsAny({"CATALOG", "ROLE", "COLLATION", "VAR", "VARIABLE", "PATH"}) && tokens_.IsIdentifier(1)) {
    return UnsupportedStatement("SET " + tokens_.Peek().upper);
  }
  plan::SetConf set;
  if (tokens_.Peek().kind == TokenKind::kQuotedIdentifier) {
    set.key = tokens_.Identifier();
    if (!tokens_.Accept("=")) return plan::MakeCommand(std::move(set));
    bool quoted = tokens_.Peek().kind == TokenKind::kQuotedIdentifier;
    set.value = quoted ? tokens_.Identifier() : RestOfText();
    return plan::MakeCommand(std::move(set));
  }
  std::string text = RestOfText();
  if (text == "-v" || text.empty()) return plan::MakeCommand(std::move(set));
  size_t equals = text.find('=');
  set.key = std::string(Trim(text.substr(0, equals)));
  while (equals == std::string::npos && set.key.ends_with(';')) set.key.pop_back();
  if (set.key.empty() && equals == std::string::npos) return plan::MakeCommand(std::move(set));
  std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
  size_t semicolon = value.find(';');
  bool clean = semicolon == std::string::npos || value.find_first_not_of("; \n\t", semicolon) == std::string::npos;
  if (!IsConfKey(set.key) || !clean) throw ErrorFrom(start, "INVALID_SET_SYNTAX");
  value = std::string(Trim(value.substr(0, semicolon)));
  if (value.size() > 1 && value.front() == '`' && value.back() == '`') value = value.substr(1, value.size() - 2);
  if (equals != std::string::npos) set.value = std::move(value);
  return plan::MakeCommand(std::move(set));
}

plan::Statement Grammar::SetTimeZone() {
  Token start = tokens_.Previous();
  tokens_.Next();
  tokens_.Next();
  plan::SetConf set;
  set.key = kTimeZoneKey;
  if (tokens_.Accept("LOCAL")) {
    set.value = options_.time_zone;
  } else if (tokens_.Peek().kind == TokenKind::kString) {
    set.value = tokens_.StringLiteral();
  } else if (IsInterval()) {
    throw base::Error::Unsupported("SET TIME ZONE INTERVAL", "Use an offset such as '+01:00'.");
  } else {
    RestOfText();
    throw ErrorFrom(start, "_LEGACY_ERROR_TEMP_0045");
  }
  return plan::MakeCommand(std::move(set));
}

plan::Statement Grammar::Reset() {
  Token start = tokens_.Next();
  plan::SetConf reset;
  reset.reset = true;
  if (tokens_.Peek().kind == TokenKind::kQuotedIdentifier) {
    reset.key = tokens_.Identifier();
    return plan::MakeCommand(std::move(reset));
  }
  reset.key = RestOfText();
  while (reset.key.ends_with(';')) reset.key = std::string(Trim(reset.key.substr(0, reset.key.size() - 1)));
  if (!reset.key.empty() && !IsConfKey(reset.key)) throw ErrorFrom(start, "INVALID_RESET_COMMAND_FORMAT");
  return plan::MakeCommand(std::move(reset));
}

}  // namespace sluice::sql
