#pragma once

#include <string>
#include <vector>

#include "interop/gguf/gguf_file.h"
#include "model/shape.h"

namespace cllm {

// The shape that a GGUF file of the architecture `llama` states. What is different here goes to `notes`. Error
// (BadInput): another architecture, a key that changes what is computed and is not known here, numbers that are
// missing, out of range or against each other.
Result<ModelShape> GgufShape(const Gguf& file, std::vector<std::string>& notes);

// A context that models here can have; a note where the file's is longer.
size_t ContextWithin(uint64_t context, std::vector<std::string>& notes);

}  // namespace cllm
