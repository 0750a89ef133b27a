#include "serve/dashboard/run_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/system.h"
#include "serve/api_error.h"
#include "serve/dashboard/curve_answers.h"
#include "serve/dashboard/run_controls.h"
#include "serve/dashboard/sphere_answers.h"
#include "store/checkpoint.h"
#include "store/run_directory.h"

namespace cllm {
namespace {

constexpr double kBetweenSpheres_s = 1;
constexpr int kLooksAtNewcomers = 3;

double SecondsSince1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

HttpAnswer NoSuchRun(const Status& why) { return ErrorAnswer(StatusError(404, why.message())); }

JsonFields PhaseFields(const PhaseEvent& phase) {
  return {{"event", "phase"}, {"name", phase.name}, {"share", phase.share < 0 ? JsonValue() : JsonValue(phase.share)}};
}

JsonFields SphereEvent(const LiveRun::State& state) {
  JsonFields fields = SphereFieldsOf(state);
  fields.insert(fields.begin(), {"event", "spheres"});
  return fields;
}

}  // namespace

void RunReader::AddLive(std::shared_ptr<LiveRun> live) {
  shelf_.AddPlace(live->path());
  live_.push_back(std::move(live));
}

std::shared_ptr<LiveRun> RunReader::LiveOf(const ShownRun& run) const {
  const auto same =
      std::ranges::find_if(live_, [&](const auto& live) { return RunShelf::SamePlace(live->path(), run.path()); });
  return same == live_.end() ? nullptr : *same;
}

RunAnswerContext RunReader::ContextOf(const ShownRun& run) const {
  const std::shared_ptr<LiveRun> live = LiveOf(run);
  return {.now = SecondsSince1970(), .live = live.get(), .program = program_, .controls = ControlsOf(run, live.get())};
}

Result<ShownRun*> RunReader::Find(const std::string& id) { return shelf_.Find(id, MonotonicSeconds()); }

HttpAnswer RunReader::List() {
  JsonArray runs;
  for (const ShownRun* run : shelf_.Runs(MonotonicSeconds())) {
    const std::shared_ptr<LiveRun> live = LiveOf(*run);
    runs.push_back(SummaryFields(*run, {.now = SecondsSince1970(), .live = live.get(), .program = program_}));
  }
  return JsonAnswer({{"directory", fmt::format("{}", fmt::join(shelf_.OutermostPlaces(), ", "))},
                     {"host", HostName()},
                     {"now", SecondsSince1970()},
                     {"runs", std::move(runs)}});
}

HttpAnswer RunReader::Details(const std::string& id) {
  const Result<ShownRun*> run = Find(id);
  if (!run.ok()) return NoSuchRun(run.status());
  return JsonAnswer(DetailFields(**run, ContextOf(**run)));
}

HttpAnswer RunReader::Curves(const std::string& id, const DashboardTarget& target) {
  CurveQuery query;
  if (const auto wrong = ReadCurveQuery(target, query)) return ErrorAnswer(*wrong);
  const Result<ShownRun*> run = Find(id);
  if (!run.ok()) return NoSuchRun(run.status());
  FollowedHistory* const history = (*run)->History();
  if (history == nullptr) {
    return JsonAnswer({{"x", NameOf(query.axis)}, {"curves", JsonFields{}}, {"sessions", JsonArray{}}});
  }
  return JsonAnswer(history->With([&](const RunHistory& known) { return CurveFields(known, query); }));
}

HttpAnswer RunReader::Spheres(const std::string& id) {
  const Result<ShownRun*> run = Find(id);
  if (!run.ok()) return NoSuchRun(run.status());
  return JsonAnswer(SphereFields(**run, LiveOf(**run).get()));
}

HttpAnswer RunReader::Ask(const std::string& id, const std::string& what) {
  const Result<ShownRun*> run = Find(id);
  if (!run.ok()) return NoSuchRun(run.status());
  const Status asked = AskRun(what, **run, LiveOf(**run).get());
  if (!asked.ok()) return ErrorAnswer(StatusError(409, asked.message()));
  HttpAnswer answer = JsonAnswer({{"asked", what}});
  answer.status = 202;
  return answer;
}

HttpAnswer RunReader::Samples(const std::string& id, std::vector<std::string>& unknown) {
  const Result<ShownRun*> run = Find(id);
  if (!run.ok()) return NoSuchRun(run.status());
  SampleBook& book = books_[id];
  if (FollowedHistory* const history = (*run)->History()) {
    history->With([&](const RunHistory& known) {
      book.Read(known);
      return true;
    });
  }
  unknown = book.TakeUnknown(MonotonicSeconds());
  return JsonAnswer(book.Answer());
}

void RunReader::KeepCopies(const std::string& id, const std::vector<std::string>& texts,
                           Result<std::vector<SampleCopies>> copies) {
  const auto book = books_.find(id);
  if (book == books_.end()) return;
  if (copies.ok()) {
    book->second.Keep(texts, *std::move(copies));
  } else {
    book->second.GiveUp(copies.status().message(), MonotonicSeconds());
  }
}

Result<RunSource> RunReader::Source(const std::string& id) {
  CLLM_ASSIGN(const ShownRun* run, Find(id));
  const RunRecord& record = run->record();
  RunSource source{.id = run->id(),
                   .path = run->path(),
                   .name = run->name(),
                   .corpus_hash = record.corpus_hash,
                   .step = record.step,
                   .checkpoint = {},
                   .saved = record.changed};
  if (record.parameters > 0) {
    PosixFileSystem files;
    source.checkpoint = Checkpoints(files, run->path()).Directory(record.step);
  }
  return source;
}

Result<std::string> RunReader::LogPath(const std::string& id) {
  CLLM_ASSIGN(const ShownRun* run, Find(id));
  return RunPaths{run->path()}.log();
}

void RunReader::PollLive(const ShownRun& run, Followed& followed, std::vector<Event>& events) const {
  const std::shared_ptr<LiveRun> live = LiveOf(run);
  if (live == nullptr) return;
  const LiveRun::State state = live->state();
  if (state.changes == followed.live_changes) return;
  const double now = MonotonicSeconds();
  const bool spheres_are_due = now - followed.spheres_told >= kBetweenSpheres_s;
  if (spheres_are_due) followed.live_changes = state.changes;
  if (state.phase.name != followed.phase.name || state.phase.share != followed.phase.share) {
    followed.phase = state.phase;
    events.push_back({run.id(), "phase", WriteJson(PhaseFields(state.phase))});
  }
  if (spheres_are_due && state.step != followed.spheres_step && !state.spheres.leaves.empty()) {
    followed.spheres_step = state.step;
    followed.spheres_told = now;
    events.push_back({run.id(), "spheres", WriteJson(SphereEvent(state))});
  }
}

RunReader::News RunReader::Poll(const std::vector<std::string>& runs) {
  News news;
  std::vector<const ShownRun*> heard;
  std::erase_if(followed_, [&](const auto& followed) { return std::ranges::count(runs, followed.first) == 0; });
  for (const std::string& id : runs) {
    const Result<ShownRun*> found = Find(id);
    if (!found.ok()) {
      news.gone.push_back(id);
      continue;
    }
    ShownRun& run = **found;
    heard.push_back(&run);
    run.Listen(true);
    run.History();
    for (ShownRun::News& each : run.TakeNews())
      news.events.push_back({id, std::move(each.kind), std::move(each.record)});
    PollLive(run, followed_[id], news.events);
  }
  for (auto& [id, looks] : awaited_) --looks;
  std::erase_if(awaited_, [](const auto& run) { return run.second <= 0; });
  for (ShownRun* run : shelf_.Runs(MonotonicSeconds())) {
    if (std::ranges::count(heard, run) == 0 && !awaited_.contains(run->id())) run->Listen(false);
  }
  return news;
}

Result<std::vector<RunReader::Event>> RunReader::Newest(const std::string& id) {
  CLLM_ASSIGN(ShownRun* const run, Find(id));
  // What comes from here on is told by Poll, whose next list may have been made before.
  run->Listen(true);
  awaited_[run->id()] = kLooksAtNewcomers;
  std::vector<Event> events;
  if (const auto step = run->outline().LastStep()) {
    JsonFields fields = step->fields();
    fields.insert(fields.begin(), {"event", "step"});
    events.push_back({id, "step", WriteJson(fields)});
  }
  if (const std::shared_ptr<LiveRun> live = LiveOf(*run)) {
    const LiveRun::State state = live->state();
    events.push_back({id, "phase", WriteJson(PhaseFields(state.phase))});
    if (!state.spheres.leaves.empty()) events.push_back({id, "spheres", WriteJson(SphereEvent(state))});
  }
  return events;
}

}  // namespace cllm
