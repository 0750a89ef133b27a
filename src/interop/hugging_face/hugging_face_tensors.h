#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/safetensors.h"

namespace cllm {

// The safetensors files of a directory: model.safetensors, or the parts that model.safetensors.index.json names.
// Owns the mappings; movable, immutable.
class HuggingFaceTensors {
 public:
  // Error (BadInput): none there, an index that names files outside the directory or tensors that are not in the files,
  // a tensor that two files have.
  static Result<HuggingFaceTensors> Open(const std::string& directory);

  const std::map<std::string, const TensorView*, std::less<>>& tensors() const { return tensors_; }
  std::vector<SafetensorsFile> TakeFiles() && { return std::move(files_); }

 private:
  Status Add(SafetensorsFile file);

  std::vector<SafetensorsFile> files_;
  // Views of the files' tensors, which stay where they are when the files move.
  std::map<std::string, const TensorView*, std::less<>> tensors_;
};

}  // namespace cllm
