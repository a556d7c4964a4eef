// The tree of types that JSON documents are read into, with what the short way has learned of the documents.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/json/json_parser.h"

namespace sluice::formats {

struct JsonParser::Node {
  explicit Node(const types::TypePtr& given) : type(given) {
    while (type->Is(types::TypeId::kUdt)) type = type->sql_type();
    id = type->id();
    if (id == types::TypeId::kArray) children.emplace_back(type->element());
    if (id == types::TypeId::kMap) {
      children.emplace_back(type->key());
      children.emplace_back(type->value());
    }
    if (id != types::TypeId::kStruct) return;
    for (const types::StructField& field : type->fields()) {
      // Of equal names the last one counts.
      index[field.name] = static_cast<int>(children.size());
      children.emplace_back(field.type);
    }
  }

  int Find(std::string_view name) const {
    auto found = index.find(std::string(name));
    return found == index.end() ? -1 : found->second;
  }

  types::TypePtr type;
  types::TypeId id;
  std::vector<Node> children;
  std::unordered_map<std::string, int> index;

  /// Field names in the order in which the last documents had them.
  struct Expected {
    std::string name;
    int field = -1;
  };
  mutable std::vector<Expected> expected;
};

}  // namespace sluice::formats
