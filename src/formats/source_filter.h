// Conditions on the columns of files that readers understand: to leave out rows, or parts of files that hold none.
#pragma once

#include <string>
#include <vector>

#include "types/literal.h"

namespace sluice::formats {

/// A tree as Spark's sources.Filter. Leaves are about one top-level column; their values have that column's type and
/// none is null, but in kIn.
struct SourceFilter {
  enum class Op {
    kAlwaysFalse,
    kAnd,
    kOr,
    kNot,
    kEqual,
    kNullSafeEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kIn,
    kIsNull,
    kIsNotNull,
    kStartsWith,
    kEndsWith,
    kContains,
  };
  Op op = Op::kAlwaysFalse;
  std::string column;
  std::vector<types::Literal> values;
  std::vector<SourceFilter> children;
};

}  // namespace sluice::formats
