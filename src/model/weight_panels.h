#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/gemm/panels.h"
#include "model/parameters.h"

namespace cllm {

// The matrices of a model in the layouts that the matrix products read. `forward` panels give x W^T, `backward` panels
// d_y W; the latter exist for training only. Owns them; thread-compatible, and read-only while workers run.
class WeightPanels {
 public:
  enum class Use { kForward, kTraining };
  WeightPanels(const ParameterLayout& layout, Use use, PanelFormat format);

  PanelFormat format() const { return format_; }

  // Packing is cut into jobs() independent jobs, one per matrix and direction. `values` have the layout's shape.
  size_t jobs() const { return jobs_.size(); }
  void Pack(const Parameters& values, size_t job);
  // Packs some rows of a matrix, in its forward panels. REQUIRES: has(info); `first_row` is a multiple of
  // kPanelAlignment, `rows` are whole rows, and as many as make one unless they are the last.
  void PackRows(const TensorInfo& info, size_t first_row, std::span<const float> rows);
  // Whether products read the tensor.
  bool has(const TensorInfo& info) const { return offsets_[2 * info.index] != kNone; }

  // REQUIRES: the tensor is read by a product in that direction.
  Panels forward(const TensorInfo& info) const { return View(info, 0); }
  Panels backward(const TensorInfo& info) const { return View(info, 1); }

  // Bytes of the panels, before anything is allocated.
  static size_t Bytes(const ParameterLayout& layout, Use use, PanelFormat format);

 private:
  struct Job {
    size_t tensor;     // index into the layout
    size_t direction;  // 0 forward, 1 backward
    size_t offset;     // floats from the start of the buffer
  };
  static std::vector<Job> Plan(const ParameterLayout& layout, Use use, PanelFormat format, size_t& floats);
  Panels View(const TensorInfo& info, size_t direction) const;

  static constexpr size_t kNone = ~size_t{0};

  PanelFormat format_;
  std::vector<Job> jobs_;
  std::vector<size_t> offsets_;  // [tensors * 2]
  AlignedBuffer<float> buffer_;
};

}  // namespace cllm
