#include "measure/lattice_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <optional>
#include <string>

#include "base/aligned_buffer.h"
#include "base/check.h"
#include "base/random.h"
#include "lattice/similarity.h"
#include "math/scalar.h"
#include "measure/dot_product.h"
#include "measure/id_orders.h"
#include "measure/measure.h"
#include "measure/measured_run.h"

namespace cllm::measure {
namespace {

constexpr double kLookupMilliseconds = 10;  // of one measurement
constexpr size_t kPairs = 1 << 14;    // measured, from the text's start
constexpr size_t kReads = 1 << 17;    // of rows, likewise
constexpr size_t kItemTokens = 64;    // rows that are copied beside each other
constexpr size_t kRandomPairs = 1 << 17;
constexpr size_t kRowAlignment = 16;  // floats: rows begin where a cache line does

// Rows for every token, [V, width], each starting at a cache line, of numbers in [-1, 1).
class Rows {
 public:
  Rows(size_t tokens, size_t width)
      : width_(width), stride_((width + kRowAlignment - 1) / kRowAlignment * kRowAlignment), values_(tokens * stride_) {
    for (size_t i = 0; i < values_.size(); ++i) values_[i] = 2 * UnitFloat(RandomBits(3, i)) - 1;
  }
  static size_t Bytes(size_t tokens, size_t width) { return tokens * (width + kRowAlignment) * sizeof(float); }

  const float* row(size_t index) const { return values_.data() + index * stride_; }
  size_t width() const { return width_; }
  size_t row_bytes() const { return stride_ * sizeof(float); }

 private:
  size_t width_, stride_;
  AlignedBuffer<float> values_;
};

// Something that is done to every pair of neighbours, and what it took.
struct PairWork {
  std::string name;
  size_t width = 0;  // of vectors; 0: none
  std::function<double(std::span<const uint32_t> tokens)> sum;
  std::vector<double> nanoseconds = {};
};

// The sum of score(u, v) over all neighbours, with the score inlined.
template <class Score>
std::function<double(std::span<const uint32_t>)> SumOf(Score score) {
  return [score](std::span<const uint32_t> tokens) {
    double sum = 0;
    for (size_t i = 1; i < tokens.size(); ++i) sum += score(tokens[i - 1], tokens[i]);
    return sum;
  };
}

bool IsNear(double found, double expected, double tolerance) { return math::Abs(found - expected) <= tolerance; }

Status CheckSimilarities(const TokenLattice& lattice, uint32_t u, uint32_t v) {
  const uint64_t a = lattice.codes()[u], b = lattice.codes()[v];
  const double gcd = static_cast<double>(std::gcd(a, b)) / static_cast<double>(std::max(a, b));
  const double near = SpatialSimilarity(UlamPointOf(lattice.rank(u)), UlamPointOf(lattice.rank(v)));
  if (GcdSimilarity(a, b) != gcd) {
    return Failed(fmt::format("the GCD similarity of {} and {} is {}, expected {}", a, b, GcdSimilarity(a, b), gcd));
  }
  const double kernel = LatticeKernel(lattice, u, v), expected = 0.7 * gcd + 0.3 * near;
  if (IsNear(kernel, expected, 1e-15)) return {};
  return Failed(fmt::format("the lattice kernel of tokens {} and {} is {}, expected {}", u, v, kernel, expected));
}

Status CheckDotProduct(const Rows& rows, uint32_t u, uint32_t v) {
  const float *x = rows.row(u), *y = rows.row(v);
  double expected = 0, magnitude = 0;
  for (size_t c = 0; c < rows.width(); ++c) {
    const double product = static_cast<double>(x[c]) * static_cast<double>(y[c]);
    expected += product;
    magnitude += math::Abs(product);
  }
  const double found = static_cast<double>(DotProduct(x, y, rows.width()));
  if (IsNear(found, expected, 0x1p-24 * static_cast<double>(rows.width()) * magnitude)) return {};
  return Failed(fmt::format("the dot product of rows {} and {} is {}, expected {}", u, v, found, expected));
}

Status CheckPairs(const TokenLattice& lattice, std::span<const uint32_t> tokens, const std::vector<Rows>& rows) {
  for (size_t i = 1; i < tokens.size(); ++i) {
    CLLM_TRY(CheckSimilarities(lattice, tokens[i - 1], tokens[i]));
    for (const Rows& each : rows) CLLM_TRY(CheckDotProduct(each, tokens[i - 1], tokens[i]));
  }
  return {};
}

Status CheckRows(const TokenLattice& lattice, const std::vector<size_t>& widths) {
  size_t bytes = 0;
  for (const size_t width : widths) bytes += Rows::Bytes(lattice.size(), width);
  return CheckMemory(bytes);
}

// Copies the rows of the tokens into items of kItemTokens rows, as a training step does.
float CopyRows(const Rows& rows, const IdOrder& order, std::span<const uint32_t> tokens, AlignedBuffer<float>& item) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const float* row = rows.row(order.row[tokens[i]]);
    std::copy_n(row, rows.width(), item.data() + i % kItemTokens * rows.width());
  }
  return item[0];
}

Status CheckCopies(const Rows& rows, const IdOrder& order, std::span<const uint32_t> tokens) {
  AlignedBuffer<float> item(kItemTokens * rows.width());
  CopyRows(rows, order, tokens.first(kItemTokens), item);
  for (size_t i = 0; i < kItemTokens; ++i) {
    const float* row = rows.row(order.row[tokens[i]]);
    if (std::memcmp(item.data() + i * rows.width(), row, rows.width() * sizeof(float)) == 0) continue;
    return Failed(fmt::format("row {} of an item is not that of token {}", i, tokens[i]));
  }
  return {};
}

// Nanoseconds of one of `count` things that `run` does.
double NanosecondsOf(size_t count, const std::function<void()>& run) {
  return 1e9 / (CallsPerSecond(kLookupMilliseconds, run, {}) * static_cast<double>(count));
}

}  // namespace

Result<Findings> BenchPairs(const TokenLattice& lattice, std::span<const uint32_t> tokens,
                            const LatticeOptions& options) {
  CHECK(tokens.size() >= kMinLatticeTokens && options.rounds >= kMinRounds);
  tokens = tokens.first(std::min(tokens.size(), kPairs + 1));
  CLLM_TRY(CheckRows(lattice, options.widths));
  std::vector<Rows> rows;
  for (const size_t width : options.widths) rows.emplace_back(lattice.size(), width);
  CLLM_TRY(CheckPairs(lattice, tokens, rows));
  std::vector<PairWork> works;
  works.push_back({"GCD similarity", 0, SumOf([&lattice](uint32_t u, uint32_t v) {
                     return GcdSimilarity(lattice.codes()[u], lattice.codes()[v]);
                   })});
  works.push_back(
      {"lattice kernel", 0, SumOf([&lattice](uint32_t u, uint32_t v) { return LatticeKernel(lattice, u, v); })});
  for (const Rows& table : rows) {
    works.push_back({"dot product", table.width(), SumOf([&table](uint32_t u, uint32_t v) {
                       return static_cast<double>(DotProduct(table.row(u), table.row(v), table.width()));
                     })});
  }
  double sink = 0;  // so that no sum is dropped
  for (size_t round = 0; round < options.rounds; ++round) {
    for (PairWork& work : works) {
      work.nanoseconds.push_back(NanosecondsOf(tokens.size() - 1, [&] { sink += work.sum(tokens); }));
    }
  }
  CHECK(math::Abs(sink) < 1e300);
  using Kind = Column::Kind;
  Findings findings{.table = Table({{"operation", "operation", Kind::kText},
                                    {"width", "width", Kind::kWhole},
                                    {"ns_per_pair", "ns a pair", Kind::kReal},
                                    {"against_gcd", "against GCD", Kind::kReal, 2}}),
                    .facts = {{"vocabulary", lattice.size()}, {"pairs", tokens.size() - 1}}};
  const double gcd = Median(works.front().nanoseconds);
  for (const PairWork& work : works) {
    const double cost = Median(work.nanoseconds);
    findings.table.Add({work.name, work.width == 0 ? JsonValue() : JsonValue(work.width), cost, cost / gcd});
  }
  findings.notes.push_back(fmt::format("{} pairs of neighbours in the text, {} tokens in the vocabulary",
                                       tokens.size() - 1, lattice.size()));
  return findings;
}

Result<Findings> BenchIdOrders(const TokenLattice& lattice, std::span<const uint32_t> tokens, size_t fixed,
                               const LatticeOptions& options) {
  CHECK(tokens.size() >= kMinLatticeTokens && options.rounds >= kMinRounds);
  const std::vector<IdOrder> orders = IdOrders(lattice, tokens, fixed);
  tokens = tokens.first(std::min(tokens.size(), kReads));
  CLLM_TRY(CheckRows(lattice, options.widths));
  using Kind = Column::Kind;
  Findings findings{.table = Table({{"width", "width", Kind::kWhole},
                                    {"order", "order", Kind::kText},
                                    {"lines_32_kib", "lines, 32 KiB", Kind::kReal, 2},
                                    {"lines_512_kib", "lines, 512 KiB", Kind::kReal, 2},
                                    {"pages", "pages", Kind::kReal, 3},
                                    {"ns_per_row", "ns a row", Kind::kReal},
                                    {"page_similarity", "alike in a page", Kind::kReal, 4}})};
  float sink = 0;
  for (const size_t width : options.widths) {
    const Rows rows(lattice.size(), width);
    AlignedBuffer<float> item(kItemTokens * width);
    for (const IdOrder& order : orders) CLLM_TRY(CheckCopies(rows, order, tokens));
    std::vector<std::vector<double>> nanoseconds(orders.size());
    for (size_t round = 0; round < options.rounds; ++round) {
      for (size_t i = 0; i < orders.size(); ++i) {
        nanoseconds[i].push_back(
            NanosecondsOf(tokens.size(), [&] { sink += CopyRows(rows, orders[i], tokens, item); }));
      }
    }
    for (size_t i = 0; i < orders.size(); ++i) {
      const ReadMisses misses = MissesOf(orders[i], tokens, rows.row_bytes());
      const std::optional<double> alike = SimilarityInPages(orders[i], lattice, rows.row_bytes());
      findings.table.Add({width, orders[i].name, misses.lines_32_kib, misses.lines_512_kib, misses.pages,
                          Median(nanoseconds[i]), alike ? JsonValue(*alike) : JsonValue()});
    }
  }
  CHECK(math::Abs(static_cast<double>(sink)) < 1e300);
  const double random = SimilarityOfRandomPairs(lattice, kRandomPairs);
  findings.facts = {{"vocabulary", lattice.size()}, {"reads", tokens.size()}, {"random_similarity", random}};
  findings.notes.push_back(
      fmt::format("misses are simulated, per row read; {} reads in the text's order; random pairs are alike by {:.4f}",
                  tokens.size(), random));
  return findings;
}

}  // namespace cllm::measure
