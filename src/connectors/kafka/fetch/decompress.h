// Decompression of a record batch.
#pragma once

#include <string>
#include <string_view>

namespace sluice::connectors::kafka {

/// The codec as the attributes of a batch number it: 1 gzip, 2 snappy, 3 lz4, 4 zstd. `out` is overwritten, its memory
/// kept. Throws DamagedBatch.
void Decompress(int codec, std::string_view packed, std::string* out);

}  // namespace sluice::connectors::kafka
