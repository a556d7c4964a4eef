// Spark Connect messages ↔ plans: pure translation, no sockets.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "plan/command.h"

namespace spark::connect {
class Relation;
class Command;
class Expression;
class DataType;
class Expression_Literal;
}  // namespace spark::connect

namespace sluice::connect {

/// What translation needs beside the message.
struct TranslationContext {
  /// The bytes of a cached blob (chunked_cached_local_relation); nothing if unknown (INVALID_PLAN…).
  std::function<std::optional<std::string>(const std::string& sha256)> find_blob;
  std::string time_zone = "UTC";
  std::string session_uuid;  ///< the server's id of the session, for messages
};

/// Throws base::Error kInvalidPlan (CONNECT_INVALID_PLAN.*) for malformed messages; a relation, expression or command
/// that the engine lacks becomes plan::Unsupported / UNSUPPORTED… naming it. Depth is limited.
plan::RelationPtr ToPlan(const spark::connect::Relation& relation, const TranslationContext& context);
plan::ExpressionPtr ToPlan(const spark::connect::Expression& expression, const TranslationContext& context);
plan::CommandPtr ToPlan(const spark::connect::Command& command, const TranslationContext& context);

types::TypePtr ToType(const spark::connect::DataType& type);
spark::connect::DataType ToProto(const types::DataType& type);
types::Literal ToLiteral(const spark::connect::Expression_Literal& literal);
spark::connect::Expression_Literal ToProto(const types::Literal& literal);
/// An engine plan's relation sent back to the client (sql_command_result): LocalRelation and SqlQuery only.
spark::connect::Relation ToProto(const plan::Relation& relation);

}  // namespace sluice::connect
