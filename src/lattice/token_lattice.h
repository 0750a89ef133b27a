#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace cllm {

// One entry of the vocabulary that a lattice is built from. `bytes` is the token's text, or a special token's name.
struct LatticeToken {
  std::string_view bytes;
  uint64_t count = 0;  // occurrences in the corpus
  bool special = false;
};

// What a lattice consists of, as stored in lattice.json. Suffix i has the prime SuffixPrime(i), root k (from 0) the
// prime RootPrime(k + 1).
struct LatticeParts {
  std::vector<uint64_t> codes = {};        // by token id
  std::vector<std::string> suffixes = {};  // learned suffixes, heaviest first, at most 24
  std::vector<std::string> roots = {};     // in rank order, most frequent first
};

// One prime factor of a code and what it stands for.
struct LatticeFactor {
  uint32_t prime = 0;
  std::string name;  // the root's bytes, "leading space", "capital", "upper case" or "-" and the suffix
};

// The integers behind the vocabulary (design section 2.1): every token has a code, the product of the prime of its root
// and the small primes of its features (leading space 2, capital 3, all upper case 5 in place of 3, a learned suffix
// 7 to 103). Values; immutable after construction, so thread-safe.
class TokenLattice {
 public:
  // Learns the suffixes, orders the roots and gives every token its code. Deterministic: equal entries give equal
  // codes, and the order of the entries matters to no code.
  static TokenLattice Build(std::span<const LatticeToken> vocabulary);

  // From stored parts. Error (BadInput) unless every code is a prime of one listed root times distinct feature primes.
  static Result<TokenLattice> FromParts(LatticeParts parts);

  size_t size() const { return parts_.codes.size(); }  // tokens
  std::span<const uint64_t> codes() const { return parts_.codes; }
  std::span<const std::string> suffixes() const { return parts_.suffixes; }
  std::span<const std::string> roots() const { return parts_.roots; }

  // The lattice index n_v: the 1-based rank of the token's root. REQUIRES: token < size().
  uint32_t rank(size_t token) const { return ranks_[token]; }
  std::span<const uint32_t> ranks() const { return ranks_; }

  // Partitions of the vocabulary for the loss, [V] each, dense from 0: tokens with the same root prime, and tokens with
  // the same set of feature primes.
  std::span<const int32_t> root_class() const { return root_class_; }
  std::span<const int32_t> form_class() const { return form_class_; }
  size_t root_classes() const { return root_classes_; }
  size_t form_classes() const { return form_classes_; }

  // The prime factors of a token's code: the root first, then its features in ascending order. REQUIRES: token <
  // size().
  std::vector<LatticeFactor> Factors(size_t token) const;

 private:
  // REQUIRES: valid parts; ranks[v] the rank of v's root.
  TokenLattice(LatticeParts parts, std::vector<uint32_t> ranks);

  LatticeParts parts_;
  std::vector<uint32_t> ranks_;
  std::vector<int32_t> root_class_, form_class_;
  size_t root_classes_ = 0, form_classes_ = 0;
};

}  // namespace cllm
