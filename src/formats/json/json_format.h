// JSON as a file format.
#pragma once

#include "formats/file_format.h"

namespace sluice::formats {

/// Throws Spark's errors for bad option values.
FileFormatPtr MakeJsonFormat(FormatContext context);

}  // namespace sluice::formats
