// The memory sink: a table of the session that lives as long as the session.
#pragma once

#include <memory>
#include <string>

#include "connectors/spi/stream.h"

namespace sluice::connectors {

/// Throws _LEGACY_ERROR_TEMP_1194 without a query name and _LEGACY_ERROR_TEMP_1299 where the table can't be had again.
std::unique_ptr<StreamSink> MakeMemorySink(const StreamSinkContext& context, const plan::Options& options,
                                           const std::string& path);

}  // namespace sluice::connectors
