// Plain text: one string column of lines, or of whole files.
#pragma once

#include "formats/file_format.h"

namespace sluice::formats {

FileFormatPtr MakeTextFormat(FormatContext context);

}  // namespace sluice::formats
