#pragma once

#include <string>

#include "interop/exported_model.h"

namespace cllm {

// The lattice of a tokenizer in GGUF files that come from here, as the text of lattice.json; other readers pass it by.
inline constexpr const char* kGgufLatticeKey = "cllm.lattice";

// A model as GGUF of the architecture `llama`. Views the model until written.
CheckpointFile GgufModelFile(const ExportedModel& model, TensorType type, std::string name);

}  // namespace cllm
