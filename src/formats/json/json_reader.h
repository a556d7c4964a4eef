// Reads a slice of a JSON file.
#pragma once

#include "formats/file_format.h"
#include "formats/json/json_options.h"

namespace sluice::formats {

FileReaderPtr OpenJsonReader(const FileSlice& slice, const FileReadRequest& request, const JsonOptions& options,
                             const OptionReader& reader);

}  // namespace sluice::formats
