// Lays cells out as Spark's Dataset.showString and htmlString do.
#include "exec/show_table.h"

#include <arrow/array/array_binary.h>
#include <arrow/record_batch.h>

#include "functions/cast.h"

namespace sluice::exec {
namespace {

using Row = std::vector<std::string>;

size_t Utf8Length(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

size_t CodePoints(const std::string& text) {
  size_t count = 0;
  for (unsigned char c : text) count += (c & 0xC0) != 0x80;
  return count;
}

// The bytes of the first `count` code points.
size_t PrefixBytes(const std::string& text, size_t count) {
  size_t at = 0;
  for (; count > 0 && at < text.size(); --count) at += Utf8Length(static_cast<unsigned char>(text[at]));
  return std::min(at, text.size());
}

// Java strings count UTF-16 units: what is outside the basic plane has two.
size_t Width(const std::string& text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size();) {
    auto lead = static_cast<unsigned char>(text[i]);
    size_t length = Utf8Length(lead);
    if (length == 3 && i + 2 < text.size()) {
      uint32_t c = (lead & 0x0Fu) << 12 | (static_cast<unsigned char>(text[i + 1]) & 0x3Fu) << 6 |
                   (static_cast<unsigned char>(text[i + 2]) & 0x3Fu);
      bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
                  (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE10 && c <= 0xFE19) || (c >= 0xFE30 && c <= 0xFE6F) ||
                  (c >= 0xFF00 && c <= 0xFF60) || (c >= 0xFFE0 && c <= 0xFFE6);
      width += wide ? 2 : 1;
    } else {
      width += length == 4 ? 2 : 1;
    }
    i += length;
  }
  return width;
}

std::string EscapeMetaCharacters(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (char c : text) {
    switch (c) {
      case '\n':
        escaped += "\\n";
        break;
      case '\r':
        escaped += "\\r";
        break;
      case '\t':
        escaped += "\\t";
        break;
      case '\f':
        escaped += "\\f";
        break;
      case '\b':
        escaped += "\\b";
        break;
      case '\v':
        escaped += "\\v";
        break;
      case '\a':
        escaped += "\\a";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Truncate(std::string text, int limit) {
  if (limit <= 0 || CodePoints(text) <= static_cast<size_t>(limit)) return text;
  if (limit < 4) return text.substr(0, PrefixBytes(text, limit));
  return text.substr(0, PrefixBytes(text, limit - 3)) + "...";
}

std::vector<Row> Cells(logical::EvalContext& context, const types::DataType& schema,
                       const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches, const ShowOptions& options) {
  std::vector<Row> rows;
  int64_t wanted = std::max(options.num_rows, 0);
  for (const auto& batch : batches) {
    int64_t count = std::min<int64_t>(batch->num_rows(), wanted - static_cast<int64_t>(rows.size()));
    if (count <= 0) break;
    size_t first = rows.size();
    rows.resize(first + count, Row(schema.fields().size()));
    for (size_t c = 0; c < schema.fields().size(); ++c) {
      auto text = functions::ToDisplayStrings(context, schema.fields()[c].type,
                                              batch->column(static_cast<int>(c))->Slice(0, count));
      const auto& strings = static_cast<const arrow::StringArray&>(*text);
      for (int64_t i = 0; i < count; ++i) {
        rows[first + i][c] = Truncate(EscapeMetaCharacters(strings.GetView(i)), options.truncate);
      }
    }
  }
  return rows;
}

std::string Padded(const std::string& text, size_t width, bool left) {
  size_t own = Width(text);
  std::string padding(own < width ? width - own : 0, ' ');
  return left ? padding + text : text + padding;
}

std::string Horizontal(const Row& header, const std::vector<Row>& rows, bool right_aligned) {
  std::vector<size_t> widths;
  for (size_t c = 0; c < header.size(); ++c) {
    size_t width = std::max<size_t>(3, Width(header[c]));
    for (const Row& row : rows) width = std::max(width, Width(row[c]));
    widths.push_back(width);
  }
  auto line = [&](const Row& row) {
    std::string text = "|";
    for (size_t c = 0; c < row.size(); ++c) {
      if (c > 0) text += "|";
      text += Padded(row[c], widths[c], right_aligned);
    }
    return text + "|\n";
  };
  std::string separator = "+";
  for (size_t c = 0; c < widths.size(); ++c) separator += (c > 0 ? "+" : "") + std::string(widths[c], '-');
  separator += "+\n";
  std::string text = separator + line(header) + separator;
  for (const Row& row : rows) text += line(row);
  return text + separator;
}

std::string Vertical(const Row& header, const std::vector<Row>& rows) {
  size_t name_width = 3, data_width = 3;
  for (const std::string& name : header) name_width = std::max(name_width, Width(name));
  for (const Row& row : rows) {
    for (const std::string& cell : row) data_width = std::max(data_width, Width(cell));
  }
  std::string text;
  for (size_t i = 0; i < rows.size(); ++i) {
    std::string title = fmt::format("-RECORD {}", i);
    size_t width = name_width + data_width + 5;
    if (title.size() < width) title.append(width - title.size(), '-');
    text += title + "\n";
    for (size_t c = 0; c < header.size(); ++c) {
      text += " " + Padded(header[c], name_width, false) + " | " + Padded(rows[i][c], data_width, false) + " \n";
    }
  }
  return text;
}

std::string EscapeHtml(const std::string& text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Html(const Row& header, const std::vector<Row>& rows) {
  auto line = [](const Row& row, const std::string& tag) {
    std::string text = "<tr>";
    for (const std::string& cell : row) text += "<" + tag + ">" + EscapeHtml(cell) + "</" + tag + ">";
    return text + "</tr>\n";
  };
  std::string text = "<table border='1'>\n" + line(header, "th");
  for (const Row& row : rows) text += line(row, "td");
  return text + "</table>\n";
}

}  // namespace

std::string ShowTable(logical::EvalContext& context, const types::DataType& schema,
                      const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches, const ShowOptions& options) {
  Row header;
  for (const auto& field : schema.fields()) header.push_back(EscapeMetaCharacters(field.name));
  std::vector<Row> rows = Cells(context, schema, batches, options);
  int64_t given = 0;
  for (const auto& batch : batches) given += batch->num_rows();
  bool more = given > std::max(options.num_rows, 0);
  std::string text;
  if (options.html) {
    text = Html(header, rows);
  } else if (options.vertical) {
    text = Vertical(header, rows);
  } else {
    text = Horizontal(header, rows, options.truncate > 0);
  }
  if (options.vertical && !options.html && rows.empty()) {
    text += "(0 rows)\n";
  } else if (more) {
    int shown = std::max(options.num_rows, 0);
    text += fmt::format("only showing top {} {}{}", shown, shown == 1 ? "row" : "rows", options.html ? "\n" : "");
  }
  return text;
}

}  // namespace sluice::exec
