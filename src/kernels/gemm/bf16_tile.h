#pragma once

#include <cstddef>

#include "kernels/gemm/tile.h"

namespace cllm {

// Register tiles of the bf16 product by AVX512_BF16's dot instruction, for panels of 32 columns: the instruction set's
// own file, since Highway 1.0.3 has no such operation.

// Whether this processor has the instruction.
bool HasBf16Dot();

// Whether products use it: this processor has it and does it faster than the two fused multiply-adds that it equals,
// which some do not (4th and 5th generation Xeon: half their speed, measured). Measured once, in half a millisecond;
// both give the same bits.
bool UsesBf16Dot();
// Overrides the measurement, for tests. Panels packed before are void. REQUIRES: HasBf16Dot() or !use.
void ForceBf16Dot(bool use);

// The tiles of 1 to kBf16TileRows rows. REQUIRES: HasBf16Dot().
inline constexpr size_t kBf16TileRows = 12;
const TileFunction* Bf16Tiles();

// The instruction's own peak: runs `rounds` of 12 independent dots of 64 FLOP each, from `start`; the result depends on
// every one. REQUIRES: HasBf16Dot().
inline constexpr size_t kBf16FlopPerRound = 12 * 64;
float Bf16DotRounds(float start, size_t rounds);

}  // namespace cllm
