#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace cllm {

// A thread that does one piece of work after the other, so that who asked does not wait. Thread-safe.
class WorkQueue {
 public:
  // stop: asked for when the queue goes; long work looks at it.
  using Work = std::function<void(const std::stop_token& stop)>;

  // niceness: as LowerThreadPriority.
  explicit WorkQueue(int niceness);
  // Waits for the work in progress; what is waiting is dropped.
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  void Add(Work work);
  // Pieces that wait or are in progress.
  size_t size() const;

 private:
  void Main(const std::stop_token& stop, int niceness);

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable_any changed_;
  std::deque<Work> waiting_;
  bool working_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace cllm
