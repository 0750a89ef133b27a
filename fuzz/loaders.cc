#include "loaders.h"

#include <array>

namespace cllm::fuzz {

std::span<const Loader> Loaders() {
  static constexpr std::array<Loader, 22> kLoaders = {{{"manifest", LoadManifest},
                                                       {"state", LoadState},
                                                       {"model", LoadModel},
                                                       {"optimizer", LoadOptimizer},
                                                       {"safetensors", LoadSafetensors},
                                                       {"tokenizer", LoadTokenizerFiles},
                                                       {"lattice", LoadLattice},
                                                       {"tokens", LoadTokens},
                                                       {"configuration", LoadConfiguration},
                                                       {"log", LoadLog},
                                                       {"history", LoadHistory},
                                                       {"html", LoadHtml, true},
                                                       {"epub", LoadEpub},
                                                       {"json_lines", LoadJsonLines},
                                                       {"encoding", LoadEncoding},
                                                       {"glob", LoadGlob},
                                                       {"gzip", LoadGzip},
                                                       {"xz", LoadXz},
                                                       {"zstd", LoadZstd},
                                                       {"gguf", LoadGguf},
                                                       {"hugging_face", LoadHuggingFace},
                                                       {"call", LoadCall}}};
  return kLoaders;
}

}  // namespace cllm::fuzz
