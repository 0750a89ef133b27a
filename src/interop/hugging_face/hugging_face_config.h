#pragma once

#include <string>
#include <vector>

#include "model/shape.h"
#include "store/json.h"

namespace cllm {

// The shape that a config.json of the Llama family states. What is different here goes to `notes`. `label` names the
// file. Error (BadInput): another architecture, a setting that changes what is computed and is not known here, numbers
// that are missing, out of range or against each other; names the field.
Result<ModelShape> HuggingFaceShape(const JsonObject& config, const std::string& label,
                                    std::vector<std::string>& notes);

}  // namespace cllm
