#pragma once

namespace cllm {

// Lets the calling thread run after others: niceness from 0 (as it is) to 19 (only what nobody else uses). It cannot be
// taken back. Thread-safe.
void LowerThreadPriority(int niceness);

}  // namespace cllm
