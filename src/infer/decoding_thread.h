#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "infer/decoder.h"

namespace cllm {

// What a step made of one request: a token, or its end.
struct DecodingEvent {
  uint64_t job = 0;
  size_t request = 0;
  TokenScore token = {};
  std::string text = "";  // GeneratedToken::text
  std::vector<TokenScore> prompt_scores = {};  // with the first token, where they were asked for
  std::optional<Generated> finished = {};  // then there is no token
};

// A Decoder on a thread of its own, fed by a queue. Thread-safe.
class DecodingThread {
 public:
  // Called on that thread with what a step made, in order; may be called for jobs that were cancelled just before.
  using OnEvents = std::function<void(std::vector<DecodingEvent> events)>;

  // As Decoder; nobody else uses the pool meanwhile.
  DecodingThread(std::span<const Weights* const> models, Spheres* pool, const DecoderLimits& limits,
                 OnEvents on_events);
  // Ends after the step in progress; what is not finished then is dropped without an event.
  ~DecodingThread();

  void Submit(DecodingJob job);
  // Takes effect before the next step.
  void Cancel(uint64_t job);
  DecoderStatistics statistics() const;

 private:
  class Collector;

  void Main(const std::stop_token& stop);

  Decoder decoder_;  // of the thread
  const OnEvents on_events_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable_any changed_;
  std::vector<DecodingJob> submitted_;
  std::vector<uint64_t> cancelled_;
  DecoderStatistics statistics_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace cllm
