#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "api/entry.h"
#include "cllm/events.h"
#include "monitor/run_control.h"
#include "monitor/run_observer.h"

namespace cllm {

// A callback of the caller's, which may answer kStop or throw; after either it is called no more. One thread.
class Caller {
 public:
  // Calls `function`, which answers Next, unless it is over. False: stop.
  template <typename Function>
  bool Ask(const Function& function) {
    if (over_) return false;
    try {
      over_ = function() == Next::kStop;
    } catch (const std::exception& exception) {
      Threw(exception.what());
    } catch (...) {
      Threw("an exception of an unknown type");
    }
    return !over_;
  }
  // What it threw, as text.
  const std::optional<std::string>& exception() const { return exception_; }

 private:
  void Threw(std::string what) {
    exception_ = std::move(what);
    over_ = true;
  }

  bool over_ = false;
  std::optional<std::string> exception_;
};

// Who called the library, as one who is told of work and may stop it. Refers to the caller's Watch.
//
// A training is stopped through control(). Other work has no such place to look: it is left by an exception,
// Interrupt, thrown where a share of it is told; what lies between there and RunWatched releases all that it holds,
// and no file that it was writing stays. Events on the calling thread; a stop from any.
class Watcher : public RunObserver {
 public:
  // What leaves work that is stopped. RunWatched catches it.
  struct Interrupt {};

  explicit Watcher(const Watch& watch);

  RunControl& control() { return control_; }
  bool stopped() const { return control_.stop_signal.load(std::memory_order_relaxed) != 0; }
  // What a callback threw, as text.
  const std::optional<std::string>& exception() const { return caller_.exception(); }

  // Throws Interrupt if the work is to stop.
  void LeaveIfStopped() const;
  // From here on who works looks at control(), and nothing is thrown. directory: of the run that trains.
  void BeginTraining(std::string directory);

  // Tells the caller.
  void Tell(const Event& event);

  void OnStart(const StartEvent& event) override { TellBegin(event.run); }
  void OnResume(const ResumeEvent& event) override { TellBegin(event.run); }
  void OnStep(const StepEvent& event) override;
  void OnPhase(const PhaseEvent& event) override;
  void OnEvaluation(const EvaluationEvent& event) override;
  void OnSample(const SampleEvent& event) override { Tell(SampleWritten{event.step, event.text}); }
  void OnSave(const SaveEvent& event) override { Tell(Saved{event.step, event.directory}); }
  void OnSkippedSave(const SkippedSaveEvent& event) override { Tell(Note{event.reason}); }
  void OnNote(const NoteEvent& event) override { Tell(Note{event.sentence}); }
  void OnRollback(const RollbackEvent& event) override;

 private:
  void TellBegin(const RunDescription& run);

  const Watch& watch_;
  Caller caller_;
  RunControl control_;
  std::string directory_;
  bool trains_ = false;
  std::stop_callback<std::function<void()>> stop_;  // last: it uses control_
};

// The error of work that its caller stopped or that a callback made impossible. kept: a sentence on what there is now.
Error StoppedError(const std::optional<std::string>& exception, const std::string& kept);

// Enter for work that a Watcher watches. kept: a sentence on what there is if it is stopped; read at the end.
template <typename Value, typename Function>
Expected<Value> RunWatched(Watcher& watcher, const std::string& kept, const Function& function) {
  bool interrupted = false;
  Expected<Value> value = Enter<Value>([&]() -> Result<Value> {
    try {
      return function();
    } catch (const Watcher::Interrupt&) {
      interrupted = true;
      return Failed("interrupted");
    }
  });
  if (interrupted || watcher.exception()) return StoppedError(watcher.exception(), kept);
  return value;
}

}  // namespace cllm
