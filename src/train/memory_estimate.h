#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "model/shape.h"
#include "spheres/spheres.h"
#include "train/step_options.h"

namespace cllm {

// Memory of training in bytes, computed before anything is allocated. A save needs none: it writes from the live
// buffers while the workers rest.
struct MemoryEstimate {
  size_t workers = 0;
  // Of one worker, counted in `contexts`:
  size_t context_per_worker = 0;
  size_t stack_per_worker = 0;
  // Of the whole:
  size_t contexts = 0;
  size_t accumulators = 0;
  size_t weights = 0;
  size_t optimizer = 0;
  size_t packed_weights = 0;
  size_t update_scratch = 0;
  size_t exchange = 0;  // between ranks
  // On disk, of each checkpoint; not counted in the total:
  size_t checkpoint = 0;

  size_t total() const;
  // For people, in one line.
  std::string Text() const;
};

// One part of the estimate, for lists.
struct MemoryPart {
  const char* key;  // in JSON, before _bytes
  const char* name;
  size_t MemoryEstimate::*bytes;
};
std::span<const MemoryPart> MemoryPartsOfAWorker();
std::span<const MemoryPart> MemoryParts();  // make up the total

// Of one of so many ranks: of the one that needs most.
MemoryEstimate EstimateMemory(const ModelShape& shape, const StepOptions& options, const SpherePlan& plan,
                              size_t ranks = 1);

}  // namespace cllm
