#include "monitor/queued_observer.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace cllm {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

void Tell(RunObserver& observer, const RunEvent& event) {
  std::visit(Overloaded{[&](const StartEvent& e) { observer.OnStart(e); },
                        [&](const ResumeEvent& e) { observer.OnResume(e); },
                        [&](const PaceEvent& e) { observer.OnPace(e); },
                        [&](const StepEvent& e) { observer.OnStep(e); },
                        [&](const PhaseEvent& e) { observer.OnPhase(e); },
                        [&](const EvaluationEvent& e) { observer.OnEvaluation(e); },
                        [&](const SampleEvent& e) { observer.OnSample(e); },
                        [&](const SaveEvent& e) { observer.OnSave(e); },
                        [&](const SkippedSaveEvent& e) { observer.OnSkippedSave(e); },
                        [&](const NoteEvent& e) { observer.OnNote(e); },
                        [&](const DivergenceEvent& e) { observer.OnDivergence(e); },
                        [&](const RollbackEvent& e) { observer.OnRollback(e); },
                        [&](const EndEvent& e) { observer.OnEnd(e); }},
             event);
}

bool IsStep(const RunEvent& event) {
  return std::holds_alternative<StepEvent>(event) || std::holds_alternative<PhaseEvent>(event);
}

bool IsDroppable(const RunEvent& event) {
  return std::holds_alternative<EvaluationEvent>(event) || std::holds_alternative<SampleEvent>(event) ||
         std::holds_alternative<SaveEvent>(event) || std::holds_alternative<SkippedSaveEvent>(event);
}

}  // namespace

struct QueuedObserver::Queue {
  explicit Queue(std::unique_ptr<RunObserver> watcher) : observer(std::move(watcher)) {}

  // The thread: tells one event after the other until the queue is closed and empty, or the observer throws.
  void Serve();
  // The next event; none when there will be no more.
  std::optional<RunEvent> Next();
  void MakeRoom(size_t limit);  // REQUIRES: `mutex` is held
  void End(std::exception_ptr error);

  std::unique_ptr<RunObserver> observer;  // the thread's; it destroys it
  std::mutex mutex;                       // for all below
  std::condition_variable arrived, served;
  std::deque<RunEvent> events;
  std::exception_ptr failure;  // not told yet
  uint64_t dropped = 0;
  bool closed = false;  // no more events will come
  bool ended = false;   // the thread is done
};

std::optional<RunEvent> QueuedObserver::Queue::Next() {
  std::unique_lock lock(mutex);
  arrived.wait(lock, [this] { return closed || !events.empty(); });
  if (events.empty()) return std::nullopt;
  RunEvent event = std::move(events.front());
  events.pop_front();
  return event;
}

void QueuedObserver::Queue::Serve() {
  std::exception_ptr error;
  try {
    while (const std::optional<RunEvent> event = Next()) Tell(*observer, *event);
  } catch (...) {  // the next Put throws it
    error = std::current_exception();
  }
  observer.reset();
  End(error);
}

void QueuedObserver::Queue::End(std::exception_ptr error) {
  const std::scoped_lock lock(mutex);
  failure = std::move(error);
  events.clear();
  ended = true;
  served.notify_all();
}

void QueuedObserver::Queue::MakeRoom(size_t limit) {
  if (events.size() <= limit) return;
  auto oldest = std::find_if(events.begin(), events.end(), IsStep);
  if (oldest == events.end()) oldest = std::find_if(events.begin(), events.end(), IsDroppable);
  if (oldest == events.end()) return;
  events.erase(oldest);
  ++dropped;
}

QueuedObserver::QueuedObserver(std::unique_ptr<RunObserver> observer, QueueLimits limits)
    : limits_(limits), queue_(std::make_shared<Queue>(std::move(observer))) {
  std::thread([queue = queue_] { queue->Serve(); }).detach();
}

QueuedObserver::~QueuedObserver() {
  std::unique_lock lock(queue_->mutex);
  queue_->closed = true;
  queue_->arrived.notify_all();
  queue_->served.wait_for(lock, limits_.patience, [this] { return queue_->ended; });
  // What the thread would still tell is nobody's business any more.
  queue_->events.clear();
}

uint64_t QueuedObserver::dropped() const {
  const std::scoped_lock lock(queue_->mutex);
  return queue_->dropped;
}

void QueuedObserver::Put(RunEvent event) {
  const std::scoped_lock lock(queue_->mutex);
  if (queue_->failure) std::rethrow_exception(std::exchange(queue_->failure, nullptr));
  if (queue_->ended) return;
  queue_->events.push_back(std::move(event));
  queue_->MakeRoom(limits_.events);
  queue_->arrived.notify_one();
}

}  // namespace cllm
