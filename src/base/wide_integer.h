#pragma once

namespace cllm {

// 128-bit integers, which every compiler of ours has: for sums over whole corpora, and for products of two 64-bit
// numbers that are divided again.
__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

}  // namespace cllm
