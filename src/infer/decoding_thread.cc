#include "infer/decoding_thread.h"

#include <utility>

namespace cllm {

// Copies what the listener is shown, so that another thread can have it.
class DecodingThread::Collector final : public DecodingListener {
 public:
  void OnToken(uint64_t job, size_t index, const Request& request, const GeneratedToken& token) override {
    events.push_back({.job = job,
                      .request = index,
                      .token = {token.id, token.logprob, {token.best.begin(), token.best.end()}},
                      .text = std::string(token.text)});
    if (request.made() == 1) events.back().prompt_scores = request.result().prompt_scores;
  }
  void OnFinished(uint64_t job, size_t index, Generated result) override {
    events.push_back({.job = job, .request = index, .finished = std::move(result)});
  }

  std::vector<DecodingEvent> events;
};

DecodingThread::DecodingThread(std::span<const Weights* const> models, Spheres* pool, const DecoderLimits& limits,
                               OnEvents on_events)
    : decoder_(models, pool, limits),
      on_events_(std::move(on_events)),
      thread_([this](const std::stop_token& stop) { Main(stop); }) {}

DecodingThread::~DecodingThread() {
  thread_.request_stop();
  thread_.join();
}

void DecodingThread::Submit(DecodingJob job) {
  const std::scoped_lock lock(mutex_);
  submitted_.push_back(std::move(job));
  changed_.notify_one();
}

void DecodingThread::Cancel(uint64_t job) {
  const std::scoped_lock lock(mutex_);
  cancelled_.push_back(job);
  changed_.notify_one();
}

DecoderStatistics DecodingThread::statistics() const {
  const std::scoped_lock lock(mutex_);
  return statistics_;
}

void DecodingThread::Main(const std::stop_token& stop) {
  Collector collector;
  while (!stop.stop_requested()) {
    std::vector<DecodingJob> submitted;
    std::vector<uint64_t> cancelled;
    {
      std::unique_lock lock(mutex_);
      if (!decoder_.busy()) {
        changed_.wait(lock, stop, [this] { return !submitted_.empty() || !cancelled_.empty(); });
      }
      submitted.swap(submitted_);
      cancelled.swap(cancelled_);
    }
    for (DecodingJob& job : submitted) decoder_.Submit(std::move(job));
    for (const uint64_t job : cancelled) decoder_.Cancel(job);
    if (stop.stop_requested()) return;
    if (decoder_.busy()) decoder_.Step(collector);
    {
      const std::scoped_lock lock(mutex_);
      statistics_ = decoder_.statistics();
    }
    if (!collector.events.empty()) on_events_(std::exchange(collector.events, {}));
  }
}

}  // namespace cllm
