#pragma once

#include <string>
#include <vector>

#include "store/checkpoint.h"

// For tests.
namespace cllm {

// Three files of a checkpoint whose bytes depend on the step.
inline std::vector<CheckpointFile> FilesOf(uint64_t step) {
  static constexpr float kWeights[] = {1, 2, 3, 4};
  const std::string text = "step " + std::to_string(step);
  return {TensorFile("model.safetensors", {{"w", DType::kF32, {4}, std::as_bytes(std::span(kWeights))}}, {{"n", text}}),
          TextFile("state.json", "{\"step\":" + std::to_string(step) + "}"), TextFile("empty", "")};
}

}  // namespace cllm
