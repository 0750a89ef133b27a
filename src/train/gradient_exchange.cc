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

Result<double> LocalExchange::Sum(const Status& items, LossSums&) {
  if (!items.ok()) {
    Clear();
    return items;
  }
  CLLM_TRY(spheres_.Run(chunk_squares_.size(), [this](Leaf& leaf, size_t chunk) -> Status {
    SumChunk(chunk);
    SquareChunk(chunk, contexts_[leaf].tile);
    return {};
  }));
  return NormOfChunks(chunk_squares_);
}

Status LocalExchange::SumDomains() {
  if (accumulators_.size() == 1) return {};
  return spheres_.Run(chunk_squares_.size(), [this](Leaf&, size_t chunk) -> Status {
    SumChunk(chunk);
    return {};
  });
}

Status LocalExchange::SquareChunks(std::span<const size_t> chunks) {
  return spheres_.Run(chunks.size(), [this, chunks](Leaf& leaf, size_t i) -> Status {
    SquareChunk(chunks[i], contexts_[leaf].tile);
    return {};
  });
}

void LocalExchange::SumChunk(size_t chunk) {
  for (size_t domain = 1; domain < accumulators_.size(); ++domain) {
    ReduceFixed(sum().data() + chunk * kNormChunk, accumulators_[domain]->values().data() + chunk * kNormChunk,
                ChunkSize(chunk));
  }
}

void LocalExchange::SquareChunk(size_t chunk, float* scratch) {
  const size_t n = ChunkSize(chunk);
  FixedToFloat(sum().data() + chunk * kNormChunk, scratch, n);
  chunk_squares_[chunk] = SumSquaresDouble(scratch, n);
}

Result<Hash128> LocalExchange::WeightsHash(const Parameters& parameters) {
  return HashBytes(std::as_bytes(std::span(parameters.data(), parameters.layout().size())));
}

void LocalExchange::Clear() {
  for (auto& accumulator : accumulators_) ZeroFixed(accumulator->values().data(), accumulator->values().size());
}

}  // namespace cllm
