#pragma once

#include <vector>

#include "interop/exported_model.h"

namespace cllm {

// The files of a model as Hugging Face's transformers 4 and 5 read them, model.safetensors last: config.json,
// generation_config.json, tokenizer.json, tokenizer_config.json, and lattice.json, which is ours and which they pass
// by. They view the model until written. REQUIRES: the type is not kQ8_0.
std::vector<CheckpointFile> HuggingFaceFiles(const ExportedModel& model, TensorType type);

}  // namespace cllm
