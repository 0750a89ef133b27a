#pragma once

#include <string>

#include "interop/foreign_model.h"

namespace cllm {

// A directory of Hugging Face's transformers with a model of the Llama family: config.json, tokenizer.json, and
// model.safetensors or its parts with model.safetensors.index.json. Error (BadInput): as OpenForeignModel.
Result<ForeignModel> OpenHuggingFace(const std::string& directory);

}  // namespace cllm
