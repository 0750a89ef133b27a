#include "model/parameters.h"

#include "base/hash.h"
#include "base/random.h"
#include "math/scalar.h"

namespace cllm {
namespace {

constexpr uint64_t kInitStream = 0x696e6974;  // "init"

float Deviation(TensorRole role, size_t layers) {
  switch (role) {
    case TensorRole::kEmbedding: return 0.04f;
    case TensorRole::kMatrix:
    case TensorRole::kHead: return 0.02f;
    case TensorRole::kResidualMatrix: return 0.02f / math::Sqrt(2.0f * static_cast<float>(layers));
    case TensorRole::kNorm: return 0.0f;
  }
  return 0.0f;
}

// Box and Muller 1958: one normal number from two uniform ones.
float Normal(uint64_t key, uint64_t counter) {
  const double radius = math::Sqrt(-2.0 * math::Log(1.0 - UnitDouble(RandomBits(key, 2 * counter))));
  const double angle = 6.283185307179586 * UnitDouble(RandomBits(key, 2 * counter + 1));
  return static_cast<float>(radius * math::Cos(angle));
}

}  // namespace

void InitializeParameters(uint64_t seed, Parameters& parameters) {
  for (const TensorInfo& info : parameters.layout().tensors()) {
    const uint64_t key = SubKey(SubKey(seed, kInitStream), info.index);
    const float deviation = Deviation(info.role, parameters.shape().layers);
    const auto values = parameters.tensor(info);
    for (size_t j = 0; j < values.size(); ++j) {
      values[j] = info.is_norm() ? 1.0f : deviation * Normal(key, j);
    }
  }
}

std::string WeightHash(const Parameters& parameters) {
  Hasher hasher;
  for (const TensorInfo& info : parameters.layout().tensors()) hasher.Update(std::as_bytes(parameters.tensor(info)));
  return hasher.Digest().Hex();
}

}  // namespace cllm
