#pragma once

#include "cllm/model.h"
#include "model/weights.h"
#include "run/open_model.h"
#include "text/tokenizer.h"

namespace cllm {

// A model as the library holds it. Immutable, so thread-safe.
class LoadedModel {
 public:
  LoadedModel(OpenedModel opened, ModelInfo info, Storage storage)
      : info_(std::move(info)),
        tokenizer_(std::move(opened.tokenizer)),
        weights_(std::move(opened.stored), storage) {}
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  const ModelInfo& info() const { return info_; }
  const Tokenizer& tokenizer() const { return tokenizer_; }
  const Weights& weights() const { return weights_; }

 private:
  const ModelInfo info_;
  const Tokenizer tokenizer_;
  const Weights weights_;
};

// What can be said of a shape and a tokenizer's name.
ModelInfo InfoOf(const ModelShape& shape, const std::string& tokenizer);

}  // namespace cllm
