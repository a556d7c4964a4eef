// Reads a list of file slices as one partition: data columns from the files, partition columns from their folders.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/file/file_listing.h"
#include "connectors/spi/batch.h"
#include "formats/file_format.h"

namespace sluice::connectors {

struct FilePartition : InputPartition {
  struct Part {
    formats::FileSlice slice;
    int64_t modified_ms = 0;
    size_t base = 0;  ///< as ListedFile's
  };
  std::vector<Part> parts;
};

/// The schema of the files and of the folders above them.
struct FileSchema {
  types::TypePtr data;  ///< may hold columns that folders give too: those of the folders count
  std::vector<types::StructField> partition;

  types::TypePtr All() const;
  std::optional<int> PartitionIndex(const std::string& column) const;
};

/// Splits the schema that a user gave into data and what the folders of `files` give.
FileSchema SplitSchema(const types::TypePtr& given, const std::vector<ListedFile>& files, bool infer,
                       const std::string& time_zone);

/// The hidden column _metadata of files of a format.
types::TypePtr FileMetadataColumns(const formats::FileFormat& format);
/// Whether a query needs to know the number of each row in its file, so that files can't be cut.
bool WantsRowIndex(const formats::FileFormat& format, const ScanRequest& request);

BatchReaderPtr OpenFiles(formats::FileFormatPtr format, const FileSchema& schema, const FilePartition& partition,
                         const ScanRequest& request);

}  // namespace sluice::connectors
