#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lattice/token_lattice.h"

// Which row of the embedding a token has, and what that does to reading (design section 2.3).
namespace cllm::measure {

// row[token] is the token's place in the embedding.
struct IdOrder {
  std::string name;
  std::vector<uint32_t> row;
};

// The orders that are compared: by (rank of the root, code), that is along the spiral; by frequency in `tokens`;
// shuffled. Tokens below `fixed` (special tokens and bytes) keep their place in each. Ties by id.
// REQUIRES: every token < lattice.size().
std::vector<IdOrder> IdOrders(const TokenLattice& lattice, std::span<const uint32_t> tokens, size_t fixed);

inline constexpr size_t kCacheLine = 64, kPage = 4096;

// A set-associative cache that replaces what was used least recently. A plain value.
class Cache {
 public:
  // `block` bytes are loaded at once. REQUIRES: sets, ways, block >= 1.
  Cache(size_t sets, size_t ways, size_t block)
      : sets_(sets), ways_(ways), block_(block), blocks_(sets * ways, kNone) {}

  // Reads bytes [begin, end), each block once. REQUIRES: begin < end.
  void Read(uint64_t begin, uint64_t end);
  uint64_t misses() const { return misses_; }

 private:
  static constexpr uint64_t kNone = UINT64_MAX;
  void Touch(uint64_t block);

  size_t sets_, ways_, block_;
  std::vector<uint64_t> blocks_;  // [sets, ways], the last used first
  uint64_t misses_ = 0;
};

// Misses of each row read. Rows of `row_bytes` follow each other from a page's start.
struct ReadMisses {
  double lines_32_kib, lines_512_kib;  // of 64 bytes, 8 ways
  double pages;                        // of 4 KiB, 64 entries in 4 ways: a first-level translation buffer
};
ReadMisses MissesOf(const IdOrder& order, std::span<const uint32_t> tokens, size_t row_bytes);

// The mean spatial similarity (design section 2.2) of all pairs of tokens whose rows begin in one page; none
// without such a pair.
std::optional<double> SimilarityInPages(const IdOrder& order, const TokenLattice& lattice, size_t row_bytes);
// The same of `pairs` random pairs of different tokens. REQUIRES: two tokens and one pair or more.
double SimilarityOfRandomPairs(const TokenLattice& lattice, size_t pairs);

}  // namespace cllm::measure
