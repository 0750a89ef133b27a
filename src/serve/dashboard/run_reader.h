#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serve/dashboard/dashboard_target.h"
#include "serve/dashboard/live_run.h"
#include "serve/dashboard/run_answers.h"
#include "serve/dashboard/run_shelf.h"
#include "serve/dashboard/run_tokens.h"
#include "serve/dashboard/sample_book.h"
#include "serve/http.h"

namespace cllm {

// Answers what runs on disk tell: lists, details, curves, samples, and what is new in those that somebody follows.
// Every error is an answer. One thread at a time.
class RunReader {
 public:
  // places: as RunShelf. program: as it was called.
  RunReader(std::vector<std::string> places, std::string program)
      : shelf_(std::move(places)), program_(std::move(program)) {}

  // A run of this process, which is shown with the others.
  void AddLive(std::shared_ptr<LiveRun> live);
  void AddPlace(const std::string& place) { shelf_.AddPlace(place); }

  HttpAnswer List();
  HttpAnswer Details(const std::string& id);
  HttpAnswer Curves(const std::string& id, const DashboardTarget& target);
  HttpAnswer Spheres(const std::string& id);
  // Asks the run for it, and answers whether it could.
  HttpAnswer Ask(const std::string& id, const std::string& what);

  // unknown: texts whose copies somebody is to find, and then to Keep; none if they are known or on their way.
  HttpAnswer Samples(const std::string& id, std::vector<std::string>& unknown);
  void KeepCopies(const std::string& id, const std::vector<std::string>& texts,
                  Result<std::vector<SampleCopies>> copies);

  // What others need to look beyond the log. Error (BadInput): no such run.
  Result<RunSource> Source(const std::string& id);
  Result<std::string> LogPath(const std::string& id);

  // Events of the runs that are followed, in order.
  struct Event {
    std::string run, kind, json;
  };
  struct News {
    std::vector<Event> events;
    std::vector<std::string> gone;  // runs that are not there any more
  };
  // runs: that somebody follows now.
  News Poll(const std::vector<std::string>& runs);
  // What somebody who begins to follow a run should know at once. Error (BadInput): no such run.
  Result<std::vector<Event>> Newest(const std::string& id);

 private:
  struct Followed {
    uint64_t live_changes = 0;
    PhaseEvent phase = {};
    uint64_t spheres_step = 0;
    double spheres_told = -1e9;  // seconds of MonotonicSeconds
  };
  Result<ShownRun*> Find(const std::string& id);
  std::shared_ptr<LiveRun> LiveOf(const ShownRun& run) const;
  RunAnswerContext ContextOf(const ShownRun& run) const;
  void PollLive(const ShownRun& run, Followed& followed, std::vector<Event>& events) const;

  RunShelf shelf_;
  const std::string program_;
  std::vector<std::shared_ptr<LiveRun>> live_;  // owners: this, and their observers
  std::map<std::string, SampleBook> books_;     // by id
  std::map<std::string, Followed> followed_;    // by id
  std::map<std::string, int> awaited_;  // runs that somebody begins to follow: looks until they are in Poll's list
};

}  // namespace cllm
