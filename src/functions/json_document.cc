// JSON trees and paths, with the results of Spark's get_json_object.
#include "functions/json_document.h"

#include <algorithm>

#include "formats/json/json_text.h"
#include "functions/number_parse.h"
#include "types/number_text.h"

namespace sluice::functions {

using formats::JsonToken;

JsonDocument::JsonDocument() : options_(context_), lexer_(options_) {}

const JsonDocument::Node* JsonDocument::Parse(std::string_view text) {
  lexer_.Start(text);
  if (lexer_.Next() == JsonToken::kNone) return nullptr;
  root_ = Node();
  return Read(&root_) ? &root_ : nullptr;
}

bool JsonDocument::Read(Node* node) {
  switch (lexer_.token()) {
    case JsonToken::kString:
      node->kind = Kind::kString;
      node->text = lexer_.text();
      return true;
    case JsonToken::kInteger:
    case JsonToken::kFloat:
      node->kind = lexer_.token() == JsonToken::kInteger ? Kind::kInteger : Kind::kFloat;
      node->text = lexer_.text();
      return true;
    case JsonToken::kTrue:
      node->kind = Kind::kTrue;
      return true;
    case JsonToken::kFalse:
      node->kind = Kind::kFalse;
      return true;
    case JsonToken::kNull:
      node->kind = Kind::kNull;
      return true;
    case JsonToken::kStartObject:
      node->kind = Kind::kObject;
      while (lexer_.Next() == JsonToken::kName) {
        Node& child = node->children.emplace_back();
        child.name = *lexer_.name();
        lexer_.Next();
        if (!Read(&child)) return false;
      }
      return lexer_.token() == JsonToken::kEndObject;
    case JsonToken::kStartArray:
      node->kind = Kind::kArray;
      while (lexer_.Next() != JsonToken::kEndArray) {
        if (!Read(&node->children.emplace_back())) return false;
      }
      return true;
    default:
      return false;
  }
}

void JsonDocument::Write(const Node& node, std::string* out) {
  switch (node.kind) {
    case Kind::kString:
      return formats::AppendJsonString(node.text, formats::JsonEscapes::kNone, out);
    case Kind::kInteger:
      *out += node.text == "-0" ? "0" : node.text;
      return;
    case Kind::kFloat:
      if (auto value = ParseDouble(node.text)) {
        types::AppendDouble(*value, out);
      } else {
        *out += node.text;
      }
      return;
    case Kind::kTrue:
      *out += "true";
      return;
    case Kind::kFalse:
      *out += "false";
      return;
    case Kind::kNull:
      *out += "null";
      return;
    case Kind::kObject:
    case Kind::kArray: {
      bool object = node.kind == Kind::kObject;
      *out += object ? '{' : '[';
      for (size_t i = 0; i < node.children.size(); ++i) {
        if (i > 0) *out += ',';
        if (object) {
          formats::AppendJsonString(node.children[i].name, formats::JsonEscapes::kNone, out);
          *out += ':';
        }
        Write(node.children[i], out);
      }
      *out += object ? '}' : ']';
      return;
    }
  }
}

/// What a generator has written: pieces at one level are separated by commas inside an array.
struct JsonPath::Output {
  std::string* text;
  bool in_array = false;
  bool first = true;

  void Separate() {
    if (in_array && !first) *text += ',';
    first = false;
  }
};

JsonPath::JsonPath(std::string_view text) { good_ = Parse(text); }

bool JsonPath::Parse(std::string_view text) {
  if (!text.starts_with('$')) return false;
  size_t at = 1;
  while (at < text.size()) {
    if (text[at] == '.') {
      size_t end = std::min(text.find_first_of(".[", at + 1), text.size());
      std::string_view name = text.substr(at + 1, end - at - 1);
      if (name.empty()) return false;
      if (name == "*") {
        steps_.push_back({Kind::kAnyName, ""});
      } else {
        if (name.find('?') != std::string_view::npos) return false;
        steps_.push_back({Kind::kNamed, std::string(name)});
      }
      at = end;
    } else if (text[at] == '[') {
      if (text.substr(at, 2) == "['") {
        size_t end = text.find("']", at + 2);
        if (end == std::string_view::npos || end == at + 2) return false;
        std::string_view name = text.substr(at + 2, end - at - 2);
        if (name == "*") {
          steps_.push_back({Kind::kAnyName, ""});
        } else {
          steps_.push_back({Kind::kNamed, std::string(name)});
        }
        at = end + 2;
        continue;
      }
      size_t end = text.find(']', at);
      if (end == std::string_view::npos) return false;
      std::string_view inside = text.substr(at + 1, end - at - 1);
      if (inside == "*") {
        steps_.push_back({Kind::kAnyIndex, ""});
      } else {
        bool digits =
            !inside.empty() && std::all_of(inside.begin(), inside.end(), [](char c) { return c >= '0' && c <= '9'; });
        auto index = digits ? ParseLong(inside, false) : std::nullopt;
        if (!index) return false;
        steps_.push_back({Kind::kIndex, "", *index});
      }
      at = end + 1;
    } else {
      return false;
    }
  }
  return true;
}

bool JsonPath::Evaluate(const JsonDocument::Node& root, std::string* out) const {
  if (!good_) return false;
  Output output{out};
  return Walk(root, 0, Style::kRaw, &output);
}

bool JsonPath::Walk(const JsonDocument::Node& node, size_t step, Style style, Output* out) const {
  using NodeKind = JsonDocument::Kind;
  if (step == steps_.size()) {
    if (node.kind == NodeKind::kString && style == Style::kRaw) {
      *out->text += node.text;
      return true;
    }
    if (node.kind == NodeKind::kArray && style == Style::kFlatten) {
      bool found = false;
      for (const auto& child : node.children) found |= Walk(child, step, style, out);
      return found;
    }
    out->Separate();
    JsonDocument::Write(node, out->text);
    return true;
  }
  if (node.kind == NodeKind::kObject && (IsStep(step, Kind::kNamed) || IsStep(step, Kind::kAnyName))) {
    for (const auto& child : node.children) {
      bool matches =
          steps_[step].kind == Kind::kAnyName || (child.name == steps_[step].name && child.kind != NodeKind::kNull);
      if (matches && Walk(child, step + 1, style, out)) return true;
    }
    return false;
  }
  if (node.kind == NodeKind::kArray) return WalkArray(node, step, style, out);
  return false;
}

bool JsonPath::WalkArray(const JsonDocument::Node& node, size_t step, Style style, Output* out) const {
  if (IsStep(step, Kind::kIndex)) {
    auto index = static_cast<size_t>(steps_[step].index);
    if (index >= node.children.size()) return false;
    Style next = IsStep(step + 1, Kind::kAnyIndex) ? Style::kQuoted : style;
    return Walk(node.children[index], step + 1, next, out);
  }
  if (!IsStep(step, Kind::kAnyIndex)) return false;
  bool twice = IsStep(step + 1, Kind::kAnyIndex);
  if (!twice && style != Style::kQuoted) {
    // One match stands alone, several become an array.
    std::string matches;
    Output inner{&matches, true};
    int found = 0;
    Style next = style == Style::kRaw ? Style::kQuoted : Style::kFlatten;
    for (const auto& child : node.children) found += Walk(child, step + 1, next, &inner);
    if (found == 0) return false;
    out->Separate();
    *out->text += found > 1 ? "[" + matches + "]" : matches;
    return true;
  }
  out->Separate();
  *out->text += '[';
  Output inner{out->text, true};
  bool found = false;
  for (const auto& child : node.children) {
    found |= Walk(child, step + (twice ? 2 : 1), twice ? Style::kFlatten : Style::kQuoted, &inner);
  }
  *out->text += ']';
  return found;
}

}  // namespace sluice::functions
