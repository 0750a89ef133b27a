#pragma once

#include <string>

#include "model/shape.h"
#include "text/tokenizer.h"

namespace cllm {

// The Modelfile with which Ollama takes a GGUF file that lies beside it: the prompt as it is, the context that the
// model was trained on (Ollama's own choice would be 4,096), and the sampling of `cllm generate`.
std::string OllamaModelfile(const ModelShape& shape, const Tokenizer& tokenizer, const std::string& gguf_name);

}  // namespace cllm
