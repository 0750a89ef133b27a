#include "lattice/similarity.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "math/scalar.h"

namespace cllm {
namespace {

// (3 - sqrt 5) / 2, the golden turn, times 2^128, rounded down.
constexpr uint64_t kGoldenTurnHigh = 0x61c8864680b583eau;
constexpr uint64_t kGoldenTurnLow = 0x0c633f9fa31237cbu;
constexpr double kTwoPi = 6.283185307179586476925;
constexpr double kGcdShare = 0.7;

double Combine(double gcd_similarity, double spatial_similarity) {
  return kGcdShare * gcd_similarity + (1 - kGcdShare) * spatial_similarity;
}

double KernelOf(const TokenLattice& lattice, size_t u, size_t v, const UlamPoint& at_u) {
  return Combine(GcdSimilarity(lattice.codes()[u], lattice.codes()[v]),
                 SpatialSimilarity(at_u, UlamPointOf(lattice.rank(v))));
}

}  // namespace

uint64_t Gcd(uint64_t a, uint64_t b) {
  if (a == 0) return b;
  if (b == 0) return a;
  const int shared_twos = std::countr_zero(a | b);
  a >>= std::countr_zero(a);
  while (b != 0) {
    b >>= std::countr_zero(b);
    const uint64_t smaller = std::min(a, b);
    b = std::max(a, b) - smaller;
    a = smaller;
  }
  return a << shared_twos;
}

double GcdSimilarity(uint64_t a, uint64_t b) {
  DCHECK(a >= 1 && b >= 1);
  return static_cast<double>(Gcd(a, b)) / static_cast<double>(std::max(a, b));
}

UlamPoint UlamPointOf(uint64_t n) {
  DCHECK(n >= 1 && n < (uint64_t{1} << 32));
  // n times the turn modulo 1, to 128 bits in two halves. n < 2^32 leaves 96 of them exact.
  const uint64_t carry = (n * (kGoldenTurnLow >> 32) + ((n * (kGoldenTurnLow & 0xffffffffu)) >> 32)) >> 32;
  const uint64_t high = n * kGoldenTurnHigh + carry, low = n * kGoldenTurnLow;
  // In [-1/2, 1/2) turns, where doubles are finest.
  const double turns = static_cast<double>(static_cast<int64_t>(high)) * 0x1p-64 + static_cast<double>(low) * 0x1p-128;
  const double angle = kTwoPi * turns;
  const double index = static_cast<double>(n);
  const double radius = math::Sqrt(index);
  return {.x = radius * math::Cos(angle), .y = radius * math::Sin(angle), .z = math::Log(index + 1)};
}

double SpatialSimilarity(const UlamPoint& a, const UlamPoint& b) {
  const double dx = a.x - b.x, dy = a.y - b.y, dz = a.z - b.z;
  return 1 / (1 + math::Sqrt(dx * dx + dy * dy + dz * dz));
}

double LatticeKernel(const TokenLattice& lattice, size_t u, size_t v) {
  return KernelOf(lattice, u, v, UlamPointOf(lattice.rank(u)));
}

double KernelOfIntegers(uint64_t a, uint64_t b) {
  return Combine(GcdSimilarity(a, b), SpatialSimilarity(UlamPointOf(a), UlamPointOf(b)));
}

double MeanKernelLoss(const TokenLattice& lattice, std::span<const uint32_t> tokens) {
  if (tokens.size() < 2) return 0;
  double sum = 0;
  for (size_t i = 1; i < tokens.size(); ++i) sum -= math::Log(LatticeKernel(lattice, tokens[i - 1], tokens[i]));
  return sum / static_cast<double>(tokens.size() - 1);
}

std::vector<LatticeNeighbour> KissingNeighbours(const TokenLattice& lattice, size_t token) {
  CHECK(token < lattice.size());
  const UlamPoint point = UlamPointOf(lattice.rank(token));
  std::vector<LatticeNeighbour> all;
  all.reserve(lattice.size());
  for (size_t v = 0; v < lattice.size(); ++v) {
    if (v != token) all.push_back({.token = static_cast<uint32_t>(v), .kernel = KernelOf(lattice, token, v, point)});
  }
  const size_t kept = std::min(kKissingNumber, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(),
                    [](const LatticeNeighbour& a, const LatticeNeighbour& b) {
                      return a.kernel != b.kernel ? a.kernel > b.kernel : a.token < b.token;
                    });
  all.resize(kept);
  return all;
}

}  // namespace cllm
