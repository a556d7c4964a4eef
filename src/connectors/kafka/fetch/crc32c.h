// The checksum of record batches.
#pragma once

#include "base/crc32c.h"

namespace sluice::connectors::kafka {

using base::Crc32c;

}  // namespace sluice::connectors::kafka
