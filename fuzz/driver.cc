#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "loaders.h"

// One libFuzzer program for each loader; CLLM_LOADER is its name (https://llvm.org/docs/LibFuzzer.html).
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto loaders = cllm::fuzz::Loaders();
  const auto loader = std::find_if(loaders.begin(), loaders.end(), [](const cllm::fuzz::Loader& each) {
    return std::string_view(each.name) == CLLM_LOADER;
  });
  CHECK(loader != loaders.end());
  const cllm::Status status = loader->load(std::as_bytes(std::span(data, size)));
  CHECK(status.ok() || status.code() == cllm::Code::kBadInput || status.code() == cllm::Code::kUsage);
  return 0;
}
