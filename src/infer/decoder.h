#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "infer/kept_caches.h"
#include "infer/request_batch.h"

namespace cllm {

// Requests that somebody wants together: the choices of one call, say, or its prompts.
struct DecodingJob {
  uint64_t id = 0;   // no other one at the time
  size_t model = 0;  // of the decoder's
  std::vector<std::unique_ptr<Request>> requests = {};
};

// Told what is made, on the thread that steps.
class DecodingListener {
 public:
  virtual ~DecodingListener() = default;
  // A new token of request number `index`. The token's views are valid during the call; the scores of the prompt are
  // there.
  virtual void OnToken(uint64_t job, size_t index, const Request& request, const GeneratedToken& token) = 0;
  // After the last token. Nothing more comes of this request.
  virtual void OnFinished(uint64_t job, size_t index, Generated result) = 0;
};

struct DecoderLimits {
  size_t requests = kStepRows;                 // that are decoded at once, of all models
  uint64_t cache_bytes =
      uint64_t{1} << 30;  // of their caches and those that are kept; one request has room in any case
  size_t kept = 8;                             // caches of finished requests, for each model
};

// Since the start.
struct DecoderStatistics {
  uint64_t prompt_tokens = 0;  // of requests that were begun
  uint64_t shared_tokens = 0;  // of these, taken from the cache of another request
  uint64_t made_tokens = 0;
  uint64_t steps = 0;
  size_t decoding = 0, waiting = 0;  // requests now
};

// Decodes jobs for a server: any number wait; as many requests as the limits allow are in the models' batches, which
// take a step each in turn. The jobs are served in the order in which they came, a request of each in turn, so that a
// large one holds up no small one. Requests that begin with the tokens of another, or of one that is finished, take its
// cache for them; those of one job with the same prompt wait until it was read once. None of this changes a request's
// result.
//
// Owns jobs and batches, keeps references to weights and pool. One thread, the pool's Node Zero.
class Decoder {
 public:
  // models: of the same order as DecodingJob::model.
  Decoder(std::span<const Weights* const> models, Spheres* pool, const DecoderLimits& limits);

  // REQUIRES: the model exists; the requests are of its shape.
  void Submit(DecodingJob job);
  // Nothing more comes of the job; its caches are free. No error if it is not there (any more).
  void Cancel(uint64_t job);
  // Ends all jobs: each request that is not finished ends as it is now, with kStop.
  void Stop(DecodingListener& listener);
  bool busy() const { return !active_.empty() || !waiting_.empty(); }

  // Begins what there is room for, and takes one step of each model that has something to do.
  void Step(DecodingListener& listener);

  const DecoderStatistics& statistics() const { return statistics_; }

 private:
  struct Model {
    Model(const Weights& read, Spheres* pool, size_t most_kept) : weights(read), batch(read, pool), kept(most_kept) {}
    const Weights& weights;
    RequestBatch batch;
    KeptCaches kept;
  };
  struct Waiting {
    DecodingJob job;
    size_t next = 0;  // of its requests
  };
  struct Active {
    uint64_t job;
    size_t index;
    size_t model;
    uint64_t bytes;  // of its cache at the end
    std::unique_ptr<Request> request;
  };

  void BeginWaiting(DecodingListener& listener);
  bool WaitsForItsPrompt(const Waiting& waiting) const;
  bool MakeRoom(uint64_t bytes);
  void Begin(Waiting& waiting, DecodingListener& listener);
  void ShareBeginning(const Active& active);
  void StepModel(size_t model, DecodingListener& listener);
  void EndFinished(DecodingListener& listener);
  void CountRequests();
  uint64_t BytesOf(size_t model, const Request& request) const;

  const DecoderLimits limits_;
  std::vector<std::unique_ptr<Model>> models_;
  std::deque<Waiting> waiting_;  // whose turn it is comes first
  std::vector<Active> active_;   // in the order in which they were begun
  DecoderStatistics statistics_;
};

}  // namespace cllm
