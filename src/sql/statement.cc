// Statements: which one it is, and the small ones. Those the engine doesn't have become UnsupportedCommand.
#include <set>

#include "sql/grammar.h"

namespace sluice::sql {

using plan::RelationPtr;

plan::Statement Grammar::Statement() {
  types::TokenStream::Depth depth(tokens_);
  if (tokens_.Is("WITH")) {
    auto definitions = Definitions();
    if (tokens_.Is("INSERT")) return Insert(std::move(definitions));
    return With(definitions, QueryBody());
  }
  if (tokens_.Is("FROM") || tokens_.Is("(") || StartsQuery()) return Query();
  if (tokens_.IsAny({"SELECT", "VALUES", "TABLE"})) return Query();
  if (tokens_.Is("INSERT")) return Insert({});
  if (tokens_.Is("CREATE")) return Create();
  if (tokens_.Is("DROP")) return Drop();
  if (tokens_.Is("SHOW")) return Show();
  if (tokens_.IsAny({"DESCRIBE", "DESC"})) return Describe();
  if (tokens_.Is("EXPLAIN")) return Explain();
  if (tokens_.Is("USE")) return Use();
  if (tokens_.Is("SET")) return Set();
  if (tokens_.Is("RESET")) return Reset();
  if (tokens_.IsAny({"CACHE", "UNCACHE", "CLEAR"})) return Cache();
  if (tokens_.IsSequence({"REFRESH", "TABLE"}) && tokens_.IsIdentifier(2)) {
    tokens_.Next();
    tokens_.Next();
    return plan::MakeCommand(plan::RefreshTable{TableName()});
  }
  return Unsupported();
}

plan::Statement Grammar::Unsupported() {
  static const std::set<std::string_view> kOne = {"BEGIN",   "CALL",   "COMMIT",   "DELETE", "GRANT", "MERGE",
                                                  "REFRESH", "REVOKE", "ROLLBACK", "UPDATE", "DFS"};
  static const std::set<std::string_view> kTwo = {"ADD",    "ALTER",  "ANALYZE", "COMMENT", "DECLARE",  "EXECUTE",
                                                  "EXPORT", "FETCH",  "IMPORT",  "LIST",    "LOAD",     "LOCK",
                                                  "MSCK",   "REPAIR", "REPLACE", "START",   "TRUNCATE", "UNLOCK"};
  Token start = tokens_.Peek();
  bool one = start.kind == TokenKind::kWord && kOne.count(start.upper);
  bool two = start.kind == TokenKind::kWord && kTwo.count(start.upper);
  if (!one && !two) throw tokens_.SyntaxError();
  tokens_.Next();
  if (tokens_.AtEnd() && two) throw tokens_.SyntaxError();
  return UnsupportedStatement(one ? start.upper : start.upper + " " + tokens_.Peek().upper);
}

plan::Statement Grammar::UnsupportedStatement(const std::string& what) {
  while (!tokens_.AtEnd()) tokens_.Next();
  return plan::MakeCommand(plan::UnsupportedCommand{"The statement " + what});
}

bool Grammar::IfExists() {
  if (!tokens_.IsSequence({"IF", "EXISTS"})) return false;
  tokens_.Next();
  tokens_.Next();
  return true;
}

bool Grammar::IfNotExists() {
  if (!tokens_.Is("IF") || !tokens_.IsAny({"NOT", "!"}, 1) || !tokens_.Is("EXISTS", 2)) return false;
  for (int i = 0; i < 3; ++i) tokens_.Next();
  return true;
}

plan::Statement Grammar::Explain() {
  tokens_.Next();
  plan::ExplainCommand explain;
  explain.mode = "simple";
  if (tokens_.IsAny({"LOGICAL", "FORMATTED", "EXTENDED", "CODEGEN", "COST"})) {
    explain.mode = tokens_.Next().upper;
    for (char& c : explain.mode) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  plan::Statement statement = Statement();
  if (auto* query = std::get_if<RelationPtr>(&statement)) {
    explain.query = *query;
    return plan::MakeCommand(std::move(explain));
  }
  return plan::MakeCommand(plan::UnsupportedCommand{"EXPLAIN of a statement that is no query"});
}

plan::Statement Grammar::Use() {
  tokens_.Next();
  if (tokens_.IsAny({"NAMESPACE", "DATABASE", "SCHEMA"}) && tokens_.IsIdentifier(1)) tokens_.Next();
  return plan::MakeCommand(plan::UseDatabase{TableName()});
}

plan::Statement Grammar::Drop() {
  tokens_.Next();
  if (tokens_.IsAny({"TABLE", "VIEW"})) {
    plan::DropTable drop;
    drop.is_view = tokens_.Next().upper == "VIEW";
    drop.if_exists = IfExists();
    drop.name = TableName();
    if (!drop.is_view) tokens_.Accept("PURGE");
    return plan::MakeCommand(std::move(drop));
  }
  if (tokens_.IsAny({"NAMESPACE", "DATABASE", "SCHEMA"})) {
    tokens_.Next();
    plan::DropDatabase drop;
    drop.if_exists = IfExists();
    drop.name = TableName().back();
    drop.cascade = tokens_.Accept("CASCADE");
    if (!drop.cascade) tokens_.Accept("RESTRICT");
    return plan::MakeCommand(std::move(drop));
  }
  if (tokens_.IsAny({"FUNCTION", "TEMPORARY", "TEMP", "INDEX", "ROLE", "PROCEDURE"})) {
    return UnsupportedStatement("DROP " + tokens_.Peek().upper);
  }
  throw tokens_.SyntaxError();
}

plan::Statement Grammar::Cache() {
  std::string verb = tokens_.Next().upper;
  plan::CacheTable cache;
  cache.uncache = verb != "CACHE";
  if (verb == "CLEAR") {
    tokens_.Expect("CACHE");
    return plan::MakeCommand(std::move(cache));
  }
  if (!cache.uncache) cache.lazy = tokens_.Accept("LAZY");
  tokens_.Expect("TABLE");
  cache.if_exists = cache.uncache && IfExists();
  cache.name = TableName();
  if (cache.uncache) return plan::MakeCommand(std::move(cache));
  // Every storage level keeps the rows in memory here.
  if (tokens_.Accept("OPTIONS")) {
    for (const auto& [key, value] : Properties()) {
      if (key != "storageLevel") throw base::Error::Unsupported("The option " + key + " of CACHE TABLE");
    }
  }
  if (tokens_.Accept("AS") || StartsQuery()) cache.query = Query();
  return plan::MakeCommand(std::move(cache));
}

plan::Statement Grammar::Describe() {
  tokens_.Next();
  if (tokens_.Is("FUNCTION") && !tokens_.Is(".", 1) && tokens_.Peek(1).kind != TokenKind::kEnd) {
    tokens_.Next();
    plan::DescribeFunction describe;
    describe.extended = tokens_.Is("EXTENDED") && tokens_.Peek(1).kind != TokenKind::kEnd;
    if (describe.extended) tokens_.Next();
    if (tokens_.IsIdentifier()) {
      for (const std::string& part : tokens_.QualifiedName())
        describe.name += (describe.name.empty() ? "" : ".") + part;
    } else if (tokens_.Peek().kind == TokenKind::kString) {
      describe.name = tokens_.StringLiteral();
    } else {
      describe.name = tokens_.Next().text;
    }
    return plan::MakeCommand(std::move(describe));
  }
  if (tokens_.IsAny({"NAMESPACE", "DATABASE", "SCHEMA", "CATALOG", "PROCEDURE"}) && tokens_.IsIdentifier(1)) {
    return UnsupportedStatement("DESCRIBE " + tokens_.Peek().upper);
  }
  bool is_query = tokens_.Is("QUERY") && StartsQueryAt(1);
  if (is_query) tokens_.Next();
  if (is_query || StartsQuery()) return plan::MakeCommand(plan::DescribeQuery{Query()});
  plan::DescribeTable describe;
  if (tokens_.Is("TABLE") && tokens_.IsIdentifier(1)) tokens_.Next();
  describe.extended = tokens_.IsAny({"EXTENDED", "FORMATTED"}) && tokens_.IsIdentifier(1);
  if (describe.extended) tokens_.Next();
  describe.table = TableName();
  if (tokens_.Is("PARTITION")) throw base::Error::Unsupported("DESCRIBE of a partition");
  if (tokens_.IsIdentifier()) describe.column = tokens_.QualifiedName();
  return plan::MakeCommand(std::move(describe));
}

plan::Statement Grammar::Insert(std::vector<std::pair<std::string, RelationPtr>> definitions) {
  tokens_.Next();
  plan::InsertInto insert;
  if (tokens_.Accept("OVERWRITE")) {
    insert.overwrite = true;
    if (tokens_.Is("DIRECTORY") || tokens_.IsSequence({"LOCAL", "DIRECTORY"})) {
      return UnsupportedStatement("INSERT OVERWRITE DIRECTORY");
    }
  } else {
    tokens_.Expect("INTO");
  }
  if (tokens_.Is("TABLE") && tokens_.IsIdentifier(1)) tokens_.Next();
  insert.table = TableName();
  if (tokens_.Is("REPLACE")) return UnsupportedStatement("INSERT INTO … REPLACE WHERE");
  if (tokens_.AcceptSequence({"PARTITION", "("})) {
    do {
      std::string column = tokens_.Identifier();
      plan::ExpressionPtr value;
      if (tokens_.Accept("=")) value = Expression();
      insert.partition.emplace_back(std::move(column), std::move(value));
    } while (tokens_.Accept(","));
    tokens_.Expect(")");
    if (IfNotExists()) throw base::Error::Unsupported("INSERT … PARTITION … IF NOT EXISTS");
  }
  if (tokens_.AcceptSequence({"BY", "NAME"})) {
    insert.by_name = true;
  } else if (tokens_.Is("(") && !StartsQuery()) {
    insert.columns = NameList();
  }
  insert.query = With(definitions, Query());
  return plan::MakeCommand(std::move(insert));
}

}  // namespace sluice::sql
