#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lattice/token_lattice.h"

// Similarity of lattice positions (design section 2.2).
namespace cllm {

// Greatest common divisor by the binary algorithm (Stein 1967). Gcd(0, n) is n.
uint64_t Gcd(uint64_t a, uint64_t b);

// gcd(a, b) / max(a, b), in (0, 1]. REQUIRES: a >= 1, b >= 1.
double GcdSimilarity(uint64_t a, uint64_t b);

// A point of the Ulam spiral around the z axis.
struct UlamPoint {
  double x, y, z;
};

// ( sqrt(n) cos(nG), sqrt(n) sin(nG), ln(n+1) ), G = 2 pi (3 - sqrt 5) / 2. The fraction of the turn is taken in
// 128-bit integers, so index 10^9 is as accurate as index 1. REQUIRES: 1 <= n < 2^32.
UlamPoint UlamPointOf(uint64_t n);

// 1 / (1 + distance), in (0, 1].
double SpatialSimilarity(const UlamPoint& a, const UlamPoint& b);

// The lattice kernel 0.7 g + 0.3 s of two tokens, in (0, 1]. REQUIRES: u, v < lattice.size().
double LatticeKernel(const TokenLattice& lattice, size_t u, size_t v);

// The same with plain integers as codes and as lattice indices. REQUIRES: 1 <= a, b < 2^32.
double KernelOfIntegers(uint64_t a, uint64_t b);

// -ln k(input, target), the mean over a text of `tokens`, each predicted by the one before it: the seed's loss formula.
// It is a property of the text and takes no model, so its gradient by any model is zero. 0 for fewer than two tokens.
double MeanKernelLoss(const TokenLattice& lattice, std::span<const uint32_t> tokens);

inline constexpr size_t kKissingNumber = 12;

struct LatticeNeighbour {
  uint32_t token = 0;
  double kernel = 0;
};

// The 12 other tokens with the highest kernel, highest first, ties by id (fewer in a smaller vocabulary). Computes V
// kernel values. REQUIRES: token < lattice.size().
std::vector<LatticeNeighbour> KissingNeighbours(const TokenLattice& lattice, size_t token);

}  // namespace cllm
