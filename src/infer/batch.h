#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "infer/key_value_cache.h"
#include "model/weights.h"
#include "spheres/spheres.h"

namespace cllm {

// One sequence's part of a decoding step: tokens that follow those in its cache, and after which of them the logits are
// wanted.
struct BatchPart {
  enum class Logits { kNone, kLast, kAll };

  KeyValueCache* cache = nullptr;
  std::span<const uint32_t> tokens = {};  // at least one
  Logits logits = Logits::kLast;
};

// Runs a model over new tokens of any number of sequences at once. The bits of a row depend on its own sequence alone:
// not on the others of the step, not on how its tokens are split over steps, not on the number of threads.
//
// Keeps references to shared, read-only weights and to the pool; owns the scratch. Called by one thread, the pool's
// Node Zero. Workers neither allocate nor lock.
class Batch {
 public:
  // most_rows: tokens of a step. pool: whose leaves share the work where a step is large enough to gain by it (see
  // kTeamWork in batch.cc); null: the calling thread does it all.
  Batch(const Weights& weights, size_t most_rows, Spheres* pool = nullptr);
  ~Batch();

  size_t most_rows() const { return most_rows_; }
  size_t team_size() const { return team_size_; }  // members that a step has at most

  // After the step's logits are there, each member of the team runs this: members that choose tokens, for example.
  // logits: [rows asked for, V].
  using AfterLogits = std::function<void(const Team& team, std::span<const float> logits)>;

  // One step. Returns the logits, [rows asked for, V] in the order of parts and tokens, valid until the next call.
  // REQUIRES: 1 to most_rows() tokens in all, each below V; no cache twice; each cache has room for its tokens in the
  // model's context.
  std::span<const float> Step(std::span<const BatchPart> parts, const AfterLogits& after = {});

  // Bytes of the scratch, without logits, before anything is allocated.
  static size_t Bytes(const ModelShape& shape, size_t most_rows, size_t team);

 private:
  struct Buffers;

  // What a step needs beside the parts; returns the number of rows with logits. On Node Zero.
  size_t Prepare(std::span<const BatchPart> parts);
  void RunMember(std::span<const BatchPart> parts, size_t logit_rows, const Team& team);
  bool PaysForTeam() const;

  const Weights& weights_;
  const size_t most_rows_;
  Spheres* const pool_;
  const size_t team_size_;
  std::unique_ptr<Buffers> buffers_;
  std::vector<RowSegment> segments_;   // of the parts
  std::vector<uint32_t> tokens_;       // of all rows
  std::vector<size_t> logit_rows_;     // rows whose logits are asked for
  std::vector<float> logits_;
};

}  // namespace cllm
