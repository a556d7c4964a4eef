// The piece of SQL text that an expression came from, for the messages of errors.
#pragma once

#include <memory>
#include <string>

namespace sluice::base {

struct QueryContext {
  std::shared_ptr<const std::string> sql;
  int line = 1;
  int position = 0;  ///< in code points from the start of the line
  size_t start = 0;  ///< in bytes
  size_t end = 0;    ///< in bytes, one past the last

  /// "== SQL (line 1, position 8) ==\nSELECT 1/0\n       ^^^\n", as Spark appends it to errors found while running.
  std::string Summary() const;
  std::string Fragment() const { return sql->substr(start, end - start); }
};
using QueryContextPtr = std::shared_ptr<const QueryContext>;

}  // namespace sluice::base
