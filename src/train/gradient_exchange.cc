#include "train/gradient_exchange.h"

#include <algorithm>

#include "kernels/fixed_point.h"
#include "kernels/reductions.h"
#include "math/scalar.h"

namespace cllm {

static_assert(kNormChunk <= kTileFloats, "a chunk of the gradient is converted in a context's tile");

double NormOfChunks(std::span<const double> sums_of_squares) {
  double sum = 0;
  for (const double chunk : sums_of_squares) sum += chunk;
  return math::Sqrt(sum);
}

LocalExchange::LocalExchange(const ParameterLayout& layout, Spheres& spheres, const PerLeaf<TrainingContext>& contexts)
    : spheres_(spheres), contexts_(contexts) {
  for (size_t domain = 0; domain < spheres.cache_domains(); ++domain) {
    accumulators_.push_back(std::make_unique<ExactAccumulator>(layout.size(), layout.grids()));
  }
  chunk_squares_.resize((layout.size() + kNormChunk - 1) / kNormChunk);
}

size_t LocalExchange::Bytes(const ParameterLayout& layout, size_t cache_domains) {
  return cache_domains * layout.size() * sizeof(int64_t);
}

Result<double> LocalExchange::Sum() {
  CLLM_TRY(spheres_.Run(chunk_squares_.size(), [this](Leaf& leaf, size_t chunk) -> Status {
    SumChunk(chunk, contexts_[leaf].tile);
    return {};
  }));
  return NormOfChunks(chunk_squares_);
}

void LocalExchange::SumChunk(size_t chunk, float* scratch) {
  const std::span<int64_t> total = sum();
  const size_t begin = chunk * kNormChunk, n = std::min(kNormChunk, total.size() - begin);
  for (size_t domain = 1; domain < accumulators_.size(); ++domain) {
    ReduceFixed(total.data() + begin, accumulators_[domain]->values().data() + begin, n);
  }
  FixedToFloat(total.data() + begin, scratch, n);
  chunk_squares_[chunk] = SumSquaresDouble(scratch, n);
}

void LocalExchange::Clear() {
  for (auto& accumulator : accumulators_) ZeroFixed(accumulator->values().data(), accumulator->values().size());
}

}  // namespace cllm
