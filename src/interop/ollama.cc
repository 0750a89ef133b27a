#include "interop/ollama.h"

#include <fmt/format.h>

namespace cllm {

std::string OllamaModelfile(const ModelShape& shape, const Tokenizer& tokenizer, const std::string& gguf_name) {
  return fmt::format(
      "FROM ./{}\n"
      "TEMPLATE \"\"\"{{{{ .Prompt }}}}\"\"\"\n"
      "PARAMETER num_ctx {}\n"
      "PARAMETER stop \"{}\"\n"
      "PARAMETER temperature 0.8\n"
      "PARAMETER top_k 40\n"
      "PARAMETER top_p 0.95\n"
      "PARAMETER min_p 0.05\n"
      "PARAMETER repeat_penalty 1\n",
      gguf_name, shape.context, tokenizer.TokenText(tokenizer.end()));
}

}  // namespace cllm
