// Recursive descent over type texts, with Spark's errors.
#include "types/type_parser.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>

namespace sluice::types {
namespace {

constexpr int kMaxDecimalPrecision = 38;
constexpr int kMaxTimePrecision = 6;

const std::map<std::string_view, TypePtr>& PlainTypes() {
  static const std::map<std::string_view, TypePtr> kTypes = {{"BOOLEAN", Boolean()},
                                                             {"TINYINT", Byte()},
                                                             {"BYTE", Byte()},
                                                             {"SMALLINT", Short()},
                                                             {"SHORT", Short()},
                                                             {"INT", Integer()},
                                                             {"INTEGER", Integer()},
                                                             {"BIGINT", Long()},
                                                             {"LONG", Long()},
                                                             {"FLOAT", Float()},
                                                             {"REAL", Float()},
                                                             {"DOUBLE", Double()},
                                                             {"DATE", Date()},
                                                             {"BINARY", Binary()},
                                                             {"VOID", Null()},
                                                             {"VARIANT", Variant()},
                                                             {"TIMESTAMP", Timestamp()},
                                                             {"STRING", String()},
                                                             {"TIMESTAMP_LTZ", Timestamp()},
                                                             {"TIMESTAMP_NTZ", TimestampNtz()}};
  return kTypes;
}

class TypeParser {
 public:
  explicit TypeParser(TokenStream& tokens) : tokens_(tokens) {}

  TypePtr Type() {
    TokenStream::Depth depth(tokens_);
    Token start = tokens_.Peek();
    if (tokens_.IsAny({"ARRAY", "MAP", "STRUCT"}) && (tokens_.Is("<", 1) || tokens_.Is("<>", 1))) return Complex();
    if (tokens_.Is("INTERVAL")) return Interval();
    if (!tokens_.IsIdentifier()) throw tokens_.SyntaxError();
    std::string name = tokens_.Identifier();
    bool quoted = start.kind == TokenKind::kQuotedIdentifier;
    std::string upper = quoted ? Upper(name) : start.upper;
    std::vector<int> parameters = Parameters();
    if (!quoted) {
      if (TypePtr type = WithParameters(start, upper, parameters)) return type;
      if (auto found = PlainTypes().find(upper); found != PlainTypes().end() && parameters.empty()) {
        return Suffixed(start, upper, found->second);
      }
    }
    if (parameters.empty()) throw tokens_.ErrorAt(start, "UNSUPPORTED_DATATYPE", {{"typeName", Quote(upper)}});
    std::string shown = fmt::format("{}({})", upper, fmt::join(parameters, ","));
    throw tokens_.ErrorAt(start, "UNSUPPORTED_DATATYPE", {{"typeName", Quote(shown)}});
  }

  StructField Field(bool colon_allowed) {
    StructField field;
    field.name = tokens_.StrictName();
    if (colon_allowed) tokens_.Accept(":");
    field.type = Type();
    if (tokens_.IsAny({"NOT", "!"})) {
      tokens_.Next();
      tokens_.Expect("NULL");
      field.nullable = false;
    }
    if (tokens_.Accept("COMMENT")) {
      nlohmann::json metadata{{"comment", tokens_.StringLiteral()}};
      field.metadata = metadata.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    return field;
  }

  std::vector<StructField> Fields(bool colon_allowed) {
    std::vector<StructField> fields;
    do {
      fields.push_back(Field(colon_allowed));
    } while (tokens_.Accept(","));
    return fields;
  }

 private:
  static std::string Upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
  }
  static std::string Quote(const std::string& text) { return "\"" + text + "\""; }

  // A syntax error inside <…> shows at the '<': from there on Spark's parser sees no type any more.
  TypePtr Complex() {
    std::string kind = tokens_.Next().upper;
    Token open = tokens_.Peek();
    try {
      return ComplexBody(kind);
    } catch (const base::Error& error) {
      if (error.condition() != "PARSE_SYNTAX_ERROR") throw;
    }
    throw tokens_.SyntaxErrorAt(open);
  }

  TypePtr ComplexBody(const std::string& kind) {
    if (kind == "STRUCT" && tokens_.Accept("<>")) return Struct({});
    tokens_.Expect("<");
    if (kind == "STRUCT") {
      std::vector<StructField> fields;
      if (!tokens_.Is(">")) fields = Fields(/*colon_allowed=*/true);
      tokens_.Expect(">");
      return Struct(std::move(fields));
    }
    TypePtr first = Type();
    TypePtr second;
    if (kind == "MAP") {
      tokens_.Expect(",");
      second = Type();
    }
    tokens_.Expect(">");
    return kind == "MAP" ? Map(std::move(first), std::move(second)) : Array(std::move(first));
  }

  TypePtr Interval() {
    static constexpr std::array<std::string_view, 4> kDayTime = {"DAY", "HOUR", "MINUTE", "SECOND"};
    tokens_.Next();
    if (tokens_.IsAny({"YEAR", "MONTH"})) {
      int start = tokens_.Next().upper == "YEAR" ? 0 : 1;
      if (start == 0 && tokens_.AcceptSequence({"TO", "MONTH"})) return YearMonthInterval({0, 1});
      return YearMonthInterval({start, start});
    }
    auto field = [&](size_t ahead) {
      for (int i = 0; i < 4; ++i) {
        if (tokens_.Is(kDayTime[i], ahead)) return i;
      }
      return -1;
    };
    int start = field(0);
    if (start < 0) return CalendarInterval();
    tokens_.Next();
    if (int end = tokens_.Is("TO") ? field(1) : -1; end > start) {
      tokens_.Next();
      tokens_.Next();
      return DayTimeInterval({start, end});
    }
    return DayTimeInterval({start, start});
  }

  std::vector<int> Parameters() {
    std::vector<int> parameters;
    if (!tokens_.Is("(") || tokens_.Peek(1).kind != TokenKind::kInteger) return parameters;
    tokens_.Next();
    do {
      parameters.push_back(tokens_.Integer());
    } while (tokens_.Accept(","));
    tokens_.Expect(")");
    return parameters;
  }

  // A type whose name takes numbers; null if the name is another one.
  TypePtr WithParameters(const Token& start, const std::string& name, const std::vector<int>& parameters) {
    if (name == "DECIMAL" || name == "DEC" || name == "NUMERIC") {
      if (parameters.size() > 2) return nullptr;
      return CheckedDecimal(parameters.empty() ? 10 : parameters[0], parameters.size() < 2 ? 0 : parameters[1]);
    }
    if (name == "CHAR" || name == "CHARACTER" || name == "VARCHAR") {
      if (parameters.size() == 1) return name == "VARCHAR" ? Varchar(parameters[0]) : Char(parameters[0]);
      if (parameters.empty()) throw tokens_.ErrorAt(start, "DATATYPE_MISSING_SIZE", {{"type", Quote(name)}});
    }
    if (name == "TIME" && parameters.size() < 2) {
      int precision = parameters.empty() ? kMaxTimePrecision : parameters[0];
      if (precision > kMaxTimePrecision) {
        throw base::Error(base::ErrorKind::kSpark, "UNSUPPORTED_TIME_PRECISION",
                          {{"precision", std::to_string(precision)}});
      }
      tokens_.AcceptSequence({"WITHOUT", "TIME", "ZONE"});
      return Time(precision);
    }
    if (parameters.empty() && (name == "ARRAY" || name == "MAP" || name == "STRUCT")) {
      throw tokens_.ErrorAt(start, "INCOMPLETE_TYPE_DEFINITION." + name, {{"elementType", "<INT>"}});
    }
    return nullptr;
  }

  TypePtr CheckedDecimal(int precision, int scale) {
    if (precision > kMaxDecimalPrecision) {
      throw base::Error(
          base::ErrorKind::kArithmetic, "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
          {{"precision", std::to_string(precision)}, {"maxPrecision", std::to_string(kMaxDecimalPrecision)}});
    }
    if (scale > precision) {
      std::string text = fmt::format("Decimal scale ({}) cannot be greater than precision ({}).", scale, precision);
      throw base::Error::Plain(base::ErrorKind::kParse, text).WithSqlText(std::string(tokens_.sql()));
    }
    return Decimal(precision, scale);
  }

  TypePtr Suffixed(const Token& start, const std::string& name, const TypePtr& type) {
    if (name == "TIMESTAMP") {
      if (tokens_.AcceptSequence({"WITHOUT", "TIME", "ZONE"})) return TimestampNtz();
      tokens_.AcceptSequence({"WITH", "LOCAL", "TIME", "ZONE"});
    }
    if (name == "STRING" && tokens_.Accept("COLLATE")) {
      std::string collation = tokens_.Identifier();
      if (Upper(collation) != "UTF8_BINARY") throw base::Error::Unsupported("Collation " + collation);
    }
    return type;
  }

  TokenStream& tokens_;
};

}  // namespace

TypePtr ParseDataType(TokenStream& tokens) { return TypeParser(tokens).Type(); }
StructField ParseColumn(TokenStream& tokens) { return TypeParser(tokens).Field(/*colon_allowed=*/false); }
std::vector<StructField> ParseColumns(TokenStream& tokens) {
  return TypeParser(tokens).Fields(/*colon_allowed=*/false);
}

}  // namespace sluice::types
