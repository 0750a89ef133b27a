#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/parameters.h"
#include "model/rope_table.h"
#include "model/weight_panels.h"

namespace cllm {

// A model: its shape, its tensors (in f32 where something reads them so, and as panels for matrix products) and the table
// of its rotations. Training, evaluation and decoding take a model as this one thing. Owns all of it; read-only while
// workers run, thread-compatible otherwise. Large, so move it.
class Weights {
 public:
  // A model to be trained: every tensor in f32, panels in both directions, for products in `precision`. All values are
  // zero until parameters() and PackAll give it some.
  Weights(const ModelShape& shape, Precision precision);
  // A model that is only read. Its matrices, the embedding too, are rounded to what `storage` holds of them and kept as
  // panels alone; embedding and norms stay in f32 as well. All that is computed with it is what the rounded model gives.
  Weights(Parameters values, Storage storage);

  const ModelShape& shape() const { return layout_.shape(); }
  const ParameterLayout& layout() const { return layout_; }
  const RopeTable& rope() const { return rope_; }
  float norm_eps() const { return static_cast<float>(shape().norm_eps); }
  PanelFormat format() const { return panels_.format(); }

  // A tensor in f32. REQUIRES: the model is one to be trained, or the tensor is a norm or the embedding.
  const float* values(const TensorInfo& info) const;
  Panels forward(const TensorInfo& info) const { return panels_.forward(info); }
  Panels backward(const TensorInfo& info) const { return panels_.backward(info); }

  // Of a model to be trained: all tensors in f32. Panels are those of the last packing until Pack ran for each of
  // pack_jobs() independent jobs, which different workers may run at once.
  const Parameters& parameters() const { return *values_; }
  Parameters& parameters() { return *values_; }
  size_t pack_jobs() const { return panels_.jobs(); }
  void Pack(size_t job) { panels_.Pack(*values_, job); }
  void PackAll();

  // Bytes of tensors in f32 and of panels, before anything is allocated.
  struct Sizes {
    size_t values = 0, panels = 0;
  };
  static Sizes SizesForTraining(const ModelShape& shape, Precision precision);
  static Sizes SizesForReading(const ModelShape& shape, Storage storage);

 private:
  // The tensors that are read in f32 go to kept_, the rest of the values is given up.
  void KeepWhatIsReadInF32();

  ParameterLayout layout_;
  std::optional<Parameters> values_;  // of a model to be trained
  std::vector<size_t> offsets_;       // of a model that is only read, by tensor: floats into kept_
  AlignedBuffer<float> kept_;
  WeightPanels panels_;
  RopeTable rope_;
};

// How a model that is only read may store its matrices, by GGUF's names: f32, bf16 and q8_0.
std::vector<std::string> StorageNames();
// Error (Usage): names what is known, for another word.
Result<Storage> StorageNamed(std::string_view name);

}  // namespace cllm
