#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/gemm/panels.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace cllm {

// What a step is made of, apart from the model's shape. The content of item i of step t is a pure function of these,
// t and i.
struct StepOptions {
  size_t batch = 12;  // sequences
  size_t item = 1;    // sequences of an item
  float lambda = 0.1f;
  float dropout = 0;
  float clip = 1;
  uint64_t seed = 1;
  double rate_scale = 1;  // on all rates: halved by a rollback
  Precision precision = Precision::kFp32;  // of products with weights and of weight gradients
  OptimizerOptions optimizer;
  Schedule schedule;

  size_t items() const { return (batch + item - 1) / item; }
};

}  // namespace cllm
