#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lattice/token_lattice.h"
#include "measure/table.h"

namespace cllm::measure {

struct LatticeOptions {
  std::vector<size_t> widths;  // of the vectors
  size_t rounds = 5;           // at least kMinRounds
};

// With fewer tokens the clock would be measured.
inline constexpr size_t kMinLatticeTokens = 4096;

// What a pair of tokens costs, in nanoseconds on one thread: the similarity of their codes by GCD, the whole lattice
// kernel (design section 2.2), and the dot product of two rows of an embedding of each width. The pairs are neighbours
// in `tokens`. All in alternation; medians. Checked first: the GCD against Euclid's algorithm, the kernel against its
// formula, the dot product against sums in double. Error: Failed, naming the pair; NoResources.
// REQUIRES: kMinLatticeTokens or more, each < lattice.size().
Result<Findings> BenchPairs(const TokenLattice& lattice, std::span<const uint32_t> tokens,
                            const LatticeOptions& options);

// What the order of ids does to reading the embedding's rows in the order of `tokens`, for each width: misses of caches
// as they are commonly built (id_orders.h), nanoseconds of copying a row, and how alike the tokens of a page are.
// Tokens below `fixed` keep their ids. Checked first: the copied rows. Error: Failed; NoResources. REQUIRES: as
// BenchPairs.
Result<Findings> BenchIdOrders(const TokenLattice& lattice, std::span<const uint32_t> tokens, size_t fixed,
                               const LatticeOptions& options);

}  // namespace cllm::measure
