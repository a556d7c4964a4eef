// What is said of a row whose checksum is wrong.
#include "state/row_checksum.h"

#include "base/error.h"

namespace sluice::state {

std::string RowChecksumComplaint(const std::string& store, uint32_t expected, uint32_t computed) {
  return base::Error(base::ErrorKind::kSpark, "STATE_STORE_ROW_CHECKSUM_VERIFICATION_FAILED",
                     {{"stateStoreId", store},
                      {"expectedChecksum", std::to_string(static_cast<int32_t>(expected))},
                      {"computedChecksum", std::to_string(static_cast<int32_t>(computed))}})
      .message();
}

}  // namespace sluice::state
