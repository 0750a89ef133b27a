#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "model/parameters.h"
#include "model/rope_table.h"
#include "model/stored_model.h"
#include "model/weight_panels.h"

namespace cllm {

// A model: its shape, its tensors (in f32 where something reads them so, and as panels for matrix products) and the
// table of its rotations. Training, evaluation and decoding take a model as this one thing. Owns all of it; read-only
// while workers run, thread-compatible otherwise. Large, so move it.
class Weights {
 public:
  // A model to be trained: every tensor in f32, panels in both directions, for products in `precision`. All values are
  // zero until parameters() and PackAll give it some.
  Weights(const ModelShape& shape, Precision precision);
  // A model that is only read. Its matrices, the embedding too, are rounded to what `storage` holds of them and kept
  // once, as panels; norms stay in f32. All that is computed with it is what the rounded model gives. `model` is read a
  // few rows at a time and given up, so that files of it are mapped no longer than that.
  Weights(StoredModel model, Storage storage);
  Weights(Parameters values, Storage storage) : Weights(StoredInMemory(std::move(values)), storage) {}

  const ModelShape& shape() const { return layout_.shape(); }
  const ParameterLayout& layout() const { return layout_; }
  const RopeTable& rope() const { return rope_; }
  float norm_eps() const { return static_cast<float>(shape().norm_eps); }
  PanelFormat format() const { return panels_.format(); }

  // A tensor in f32. REQUIRES: the model is one to be trained, or the tensor is a norm.
  const float* values(const TensorInfo& info) const;
  // x[i] = the embedding of tokens[i], [tokens, C].
  void LookUp(std::span<const uint32_t> tokens, float* x) const;
  Panels forward(const TensorInfo& info) const { return panels_.forward(info); }
  Panels backward(const TensorInfo& info) const { return panels_.backward(info); }

  // Of a model to be trained: all tensors in f32. Panels are those of the last packing until Pack ran for each of
  // pack_jobs() independent jobs, which different workers may run at once.
  const Parameters& parameters() const { return *values_; }
  Parameters& parameters() { return *values_; }
  size_t pack_jobs() const { return panels_.jobs(); }
  void Pack(size_t job) { panels_.Pack(*values_, job); }
  void PackAll();

  // Bytes of tensors beside the panels and of panels, before anything is allocated.
  struct Sizes {
    size_t values = 0, panels = 0;
  };
  static Sizes SizesForTraining(const ModelShape& shape, Precision precision);
  static Sizes SizesForReading(const ModelShape& shape, Storage storage);

 private:
  void Take(const TensorInfo& info, const TensorRows& rows, Storage storage);

  ParameterLayout layout_;
  std::optional<Parameters> values_;  // of a model to be trained
  // Of a model that is only read:
  std::vector<size_t> norm_offsets_;  // by tensor: floats into norms_
  AlignedBuffer<float> norms_;
  std::vector<std::byte> embedding_;  // one beside an untied head, which is only looked up: rows of the storage's type
  WeightPanels panels_;
  RopeTable rope_;
};

// How a model that is only read may store its matrices, by GGUF's names: f32, bf16 and q8_0.
std::vector<std::string> StorageNames();
// Error (Usage): names what is known, for another word.
Result<Storage> StorageNamed(std::string_view name);

}  // namespace cllm
