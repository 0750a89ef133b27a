#include "serve/dashboard/work_queue.h"

#include <utility>

#include "base/thread_priority.h"

namespace cllm {

WorkQueue::WorkQueue(int niceness)
    : thread_([this, niceness](const std::stop_token& stop) { Main(stop, niceness); }) {}

WorkQueue::~WorkQueue() {
  thread_.request_stop();
  thread_.join();
}

void WorkQueue::Add(Work work) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(work));
  changed_.notify_one();
}

size_t WorkQueue::size() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size() + (working_ ? 1 : 0);
}

void WorkQueue::Main(const std::stop_token& stop, int niceness) {
  LowerThreadPriority(niceness);
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    if (stop.stop_requested()) return;
    Work work = std::move(waiting_.front());
    waiting_.pop_front();
    working_ = true;
    lock.unlock();
    work(stop);
    work = nullptr;  // what it holds goes here, not under the lock
    lock.lock();
    working_ = false;
  }
}

}  // namespace cllm
