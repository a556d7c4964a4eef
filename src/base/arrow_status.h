// Turns Arrow's Status and Result into the engine's exception where they appear.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <utility>

namespace sluice::base {

/// Throws base::Error for a status that is not ok: IOError and the like are external, the rest internal.
[[noreturn]] void ThrowArrowError(const arrow::Status& status);

inline void ThrowIfError(const arrow::Status& status) {
  if (!status.ok()) ThrowArrowError(status);
}

template <typename T>
T ValueOrThrow(arrow::Result<T> result) {
  if (!result.ok()) ThrowArrowError(result.status());
  return std::move(result).ValueUnsafe();
}

}  // namespace sluice::base
