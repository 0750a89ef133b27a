#include "text/text_source.h"

namespace cllm {

TextSource DocumentSource(std::span<const std::string_view> documents) {
  return [documents](const TextVisitor& visitor) {
    for (const std::string_view document : documents) CLLM_TRY(visitor({.text = document}));
    return Status();
  };
}

}  // namespace cllm
