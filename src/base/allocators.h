// How the process gets its memory, and gives it back.
#pragma once

namespace sluice::base {

/// Call first in main. Arrow's buffers come from malloc, so that what one part of the engine frees serves all others,
/// and large blocks go back to the system when they are freed. $ARROW_DEFAULT_MEMORY_POOL and malloc's own environment
/// variables still choose otherwise.
void ConfigureAllocators();

/// Gives all free pages back to the system, also those between blocks in use. Takes milliseconds: for the end of
/// something large, such as a query with its state.
void ReturnFreeMemory();

}  // namespace sluice::base
