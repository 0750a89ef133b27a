#include "loaders.h"

#include <array>

namespace cllm::fuzz {

std::span<const Loader> Loaders() {
  static constexpr std::array<Loader, 10> kLoaders = {{{"manifest", LoadManifest},
                                                       {"state", LoadState},
                                                       {"model", LoadModel},
                                                       {"optimizer", LoadOptimizer},
                                                       {"safetensors", LoadSafetensors},
                                                       {"tokenizer", LoadTokenizerFiles},
                                                       {"lattice", LoadLattice},
                                                       {"tokens", LoadTokens},
                                                       {"configuration", LoadConfiguration},
                                                       {"log", LoadLog}}};
  return kLoaders;
}

}  // namespace cllm::fuzz
