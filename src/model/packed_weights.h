#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/status.h"
#include "kernels/gemm.h"
#include "model/parameters.h"

namespace cllm {

// The matrices of a model in the layouts that the matrix products read, packed once a step and shared by all workers,
// read-only meanwhile. `forward` panels give x W^T, `backward` panels d_y W; the latter exist for training only.
class PackedWeights {
 public:
  enum class Use { kForward, kTraining };
  // precision: of the products that read the panels, and of the weight gradients beside them.
  PackedWeights(const ModelConfig& config, Use use, Precision precision = Precision::kFp32);

  Precision precision() const { return precision_; }

  // Packing is cut into jobs() independent jobs, one per tensor and direction.
  size_t jobs() const { return jobs_.size(); }
  void Pack(const Parameters& parameters, size_t job);
  void PackAll(const Parameters& parameters);
  size_t bytes() const { return buffer_.size() * sizeof(float); }

  // `tensor` is an index into ParameterLayout::tensors(); a norm has no panels.
  Panels forward(size_t tensor) const { return View(tensor, 0); }
  Panels backward(size_t tensor) const { return View(tensor, 1); }

  static size_t Bytes(const ModelConfig& config, Use use, Precision precision = Precision::kFp32);

 private:
  struct Job {
    size_t tensor;
    size_t direction;  // 0 forward, 1 backward
    size_t offset;     // floats from the start of the buffer
  };
  static std::vector<Job> Plan(const ParameterLayout& layout, Use use, Precision precision, size_t& floats);
  Panels View(size_t tensor, size_t direction) const;

  ParameterLayout layout_;
  Precision precision_;
  std::vector<Job> jobs_;
  std::vector<size_t> offsets_;  // [tensors * 2]
  AlignedBuffer<float> buffer_;
};

// How a model that is only read may keep its matrices, by GGUF's names: f32, bf16 and q8_0.
std::vector<std::string> WeightFormats();
// The precision of a weight format. Usage, naming what is known, for another word.
Result<Precision> WeightPrecision(std::string_view format);

// Rounds the matrices of a model, the embedding too, to what `precision` keeps of them (RoundWeights), and packs them
// for reading: everything computed with both is what the rounded model gives.
PackedWeights RoundAndPack(Parameters& parameters, const ModelConfig& config, Precision precision);

}  // namespace cllm
