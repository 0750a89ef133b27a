#include "measure/id_orders.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "lattice/similarity.h"

namespace cllm::measure {
namespace {

constexpr uint64_t kShuffleKey = 1, kPairKey = 2;

// Places by the order in which `before` sorts the tokens from `fixed` on.
template <class Before>
IdOrder OrderBy(const std::string& name, size_t tokens, size_t fixed, Before before) {
  std::vector<uint32_t> sorted(tokens);
  std::iota(sorted.begin(), sorted.end(), 0u);
  if (fixed < tokens) std::stable_sort(sorted.begin() + static_cast<std::ptrdiff_t>(fixed), sorted.end(), before);
  IdOrder order{.name = name, .row = std::vector<uint32_t>(tokens)};
  for (uint32_t place = 0; place < tokens; ++place) order.row[sorted[place]] = place;
  return order;
}

std::vector<UlamPoint> PointsOf(const TokenLattice& lattice) {
  std::vector<UlamPoint> points;
  for (const uint32_t rank : lattice.ranks()) points.push_back(UlamPointOf(rank));
  return points;
}

}  // namespace

std::vector<IdOrder> IdOrders(const TokenLattice& lattice, std::span<const uint32_t> tokens, size_t fixed) {
  const size_t n = lattice.size();
  std::vector<uint64_t> count(n);
  for (const uint32_t token : tokens) ++count[token];
  return {OrderBy("spiral", n, fixed,
                  [&](uint32_t a, uint32_t b) {
                    return std::pair(lattice.rank(a), lattice.codes()[a]) <
                           std::pair(lattice.rank(b), lattice.codes()[b]);
                  }),
          OrderBy("frequency", n, fixed, [&](uint32_t a, uint32_t b) { return count[a] > count[b]; }),
          OrderBy("shuffled", n, fixed,
                  [&](uint32_t a, uint32_t b) { return RandomBits(kShuffleKey, a) < RandomBits(kShuffleKey, b); })};
}

void Cache::Read(uint64_t begin, uint64_t end) {
  for (uint64_t block = begin / block_; block * block_ < end; ++block) Touch(block);
}

void Cache::Touch(uint64_t block) {
  const auto first = blocks_.begin() + static_cast<std::ptrdiff_t>(block % sets_ * ways_);
  const auto last = first + static_cast<std::ptrdiff_t>(ways_);
  auto place = std::find(first, last, block);
  if (place == last) {
    ++misses_;
    --place;
    *place = block;
  }
  std::rotate(first, place, place + 1);
}

ReadMisses MissesOf(const IdOrder& order, std::span<const uint32_t> tokens, size_t row_bytes) {
  Cache small(64, 8, kCacheLine), large(1024, 8, kCacheLine), pages(16, 4, kPage);
  for (const uint32_t token : tokens) {
    const uint64_t begin = uint64_t{order.row[token]} * row_bytes;
    for (Cache* cache : {&small, &large, &pages}) cache->Read(begin, begin + row_bytes);
  }
  const double reads = static_cast<double>(std::max<size_t>(tokens.size(), 1));
  return {.lines_32_kib = static_cast<double>(small.misses()) / reads,
          .lines_512_kib = static_cast<double>(large.misses()) / reads,
          .pages = static_cast<double>(pages.misses()) / reads};
}

std::optional<double> SimilarityInPages(const IdOrder& order, const TokenLattice& lattice, size_t row_bytes) {
  const std::vector<UlamPoint> points = PointsOf(lattice);
  std::vector<uint32_t> token(order.row.size());  // by row
  for (uint32_t t = 0; t < token.size(); ++t) token[order.row[t]] = t;
  double sum = 0;
  size_t pairs = 0;
  for (size_t a = 0; a < token.size(); ++a) {
    for (size_t b = a + 1; b < token.size() && b * row_bytes / kPage == a * row_bytes / kPage; ++b) {
      sum += SpatialSimilarity(points[token[a]], points[token[b]]);
      ++pairs;
    }
  }
  if (pairs == 0) return std::nullopt;
  return sum / static_cast<double>(pairs);
}

double SimilarityOfRandomPairs(const TokenLattice& lattice, size_t pairs) {
  CHECK(lattice.size() >= 2 && pairs >= 1);
  const std::vector<UlamPoint> points = PointsOf(lattice);
  double sum = 0;
  for (size_t i = 0; i < pairs; ++i) {
    const size_t a = RandomBits(kPairKey, 2 * i) % points.size();
    const size_t b = (a + 1 + RandomBits(kPairKey, 2 * i + 1) % (points.size() - 1)) % points.size();
    sum += SpatialSimilarity(points[a], points[b]);
  }
  return sum / static_cast<double>(pairs);
}

}  // namespace cllm::measure
