// Reads a list of file slices as one partition: data columns from the files, partition columns from their folders.
#pragma once

#include <memory>
#include <vector>

#include "connectors/file/file_listing.h"
#include "connectors/spi/batch.h"
#include "formats/file_format.h"

namespace sluice::connectors {

struct FilePartition : InputPartition {
  struct Part {
    formats::FileSlice slice;
    std::vector<std::pair<std::string, std::string>> partition;
  };
  std::vector<Part> parts;
};

/// The schema of the files and of the folders above them.
struct FileSchema {
  types::TypePtr data;
  std::vector<types::StructField> partition;
  types::TypePtr All() const;
};

BatchReaderPtr OpenFiles(formats::FileFormatPtr format, const FileSchema& schema, const FilePartition& partition,
                         const ScanRequest& request);

}  // namespace sluice::connectors
