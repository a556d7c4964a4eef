// Batch tables over files, and what batch reads, streams and sinks of files share.
#pragma once

#include <functional>

#include "connectors/file/file_reader.h"
#include "connectors/spi/registry.h"

namespace sluice::connectors {

/// Makes a format from the user's options; one a format.
using MakeFormat = std::function<formats::FileFormatPtr(formats::FormatContext)>;

/// Fills read, read_stream, write and write_stream of a file format's entry.
void AddFileFormat(ConnectorRegistry& registry, DataSourceEntry entry, MakeFormat make);

BatchTablePtr MakeFileTable(const ReadSpec& spec, const MakeFormat& make);
BatchWritePtr MakeFileWrite(const WriteSpec& spec, const MakeFormat& make);
std::shared_ptr<StreamDefinition> MakeFileStream(const ReadSpec& spec, const MakeFormat& make);
std::unique_ptr<StreamSink> MakeFileSink(const StreamSinkContext& context, const plan::Options& options,
                                         const std::string& path, const MakeFormat& make);

/// The paths of a reader: load(…) arguments or option "path".
std::vector<std::string> PathsOf(const ReadSpec& spec);

}  // namespace sluice::connectors
