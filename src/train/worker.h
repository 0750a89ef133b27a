#pragma once

#include <functional>
#include <memory>

#include "model/context.h"
#include "spheres/spheres.h"

namespace cllm {

// What a leaf sphere owns while it trains or evaluates: its training context. One worker only.
struct Worker : LeafState {
  Worker(const ModelConfig& config, size_t sequences) : context(config, sequences) {}
  TrainingContext context;

  // For SpheresOptions::make_state: a worker for items of `sequences` sequences, made on the leaf's own thread.
  static std::function<Result<std::unique_ptr<LeafState>>(size_t leaf)> Maker(const ModelConfig& config,
                                                                              size_t sequences) {
    return [config, sequences](size_t) -> Result<std::unique_ptr<LeafState>> {
      return std::unique_ptr<LeafState>(std::make_unique<Worker>(config, sequences));
    };
  }
  static TrainingContext& ContextOf(const Leaf& leaf) { return static_cast<Worker*>(leaf.state)->context; }
};

}  // namespace cllm
