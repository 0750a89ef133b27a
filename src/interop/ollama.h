#pragma once

#include <string>

#include "interop/exported_model.h"

namespace cllm {

// The Modelfile with which Ollama takes a GGUF file that lies beside it: the prompt as it is, or of a model that was
// taught dialogues its messages in the chat template; the context that the model was trained on (Ollama's own choice
// would be 4,096), and the sampling of `cllm generate`.
std::string OllamaModelfile(const ExportedModel& model, const std::string& gguf_name);

}  // namespace cllm
