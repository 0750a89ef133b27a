#include "serve/dashboard/shown_run.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/path.h"
#include "corpus/cache_directory.h"
#include "serve/dashboard/sphere_answers.h"

namespace cllm {
namespace {

constexpr size_t kMostNews = 256;

constexpr std::pair<const char*, const char*> kStreamKinds[] = {
    {"eval", "eval"},           {"sample", "sample"}, {"checkpoint", "checkpoint"}, {"note", "note"},
    {"skipped_save", "note"},   {"diverged", "note"}, {"spheres", "spheres"},       {"rollback", "rollback"},
    {"run_start", "resume"},    {"resume", "resume"}, {"run_end", "end"},
};

// Seconds since 1970, of the entry itself where it is a link; 0 if nothing is there.
double EntryChanged(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return 0;
  return static_cast<double>(info.st_mtim.tv_sec) + 1e-9 * static_cast<double>(info.st_mtim.tv_nsec);
}

// The kind of a record as streams of events have it; "" for what they leave out.
std::string StreamKind(const JsonObject& record) {
  if (record.Find("event") == nullptr) return record.Find("step") != nullptr ? "step" : "";
  const Result<std::string> event = record.Text("event");
  if (!event.ok()) return "";
  for (const auto& [of_log, of_stream] : kStreamKinds) {
    if (*event == of_log) return of_stream;
  }
  return "";
}

JsonFields WithEvent(const std::string& kind, JsonFields fields) {
  fields.insert(fields.begin(), {"event", kind});
  return fields;
}

}  // namespace

bool ShownRun::Stamp::operator==(const Stamp& other) const {
  const auto same_owner = [&] {
    if (owner.has_value() != other.owner.has_value()) return false;
    return !owner || (owner->process == other.owner->process && owner->host == other.owner->host);
  };
  return config_changed == other.config_changed && checkpoints_changed == other.checkpoints_changed &&
         latest_changed == other.latest_changed && log_changed == other.log_changed && log_bytes == other.log_bytes &&
         same_owner();
}

ShownRun::Stamp ShownRun::Look() const {
  const RunPaths paths{path_};
  Stamp stamp{.config_changed = EntryChanged(paths.config()),
              .checkpoints_changed = EntryChanged(JoinPath(path_, "checkpoints")),
              .latest_changed = EntryChanged(JoinPath(path_, "latest")),
              .log_changed = EntryChanged(paths.log()),
              .owner = RunLock::FindOwner(path_)};
  struct stat info {};
  if (stat(paths.log().c_str(), &info) == 0) stamp.log_bytes = static_cast<uint64_t>(info.st_size);
  return stamp;
}

Status ShownRun::Refresh() {
  const Stamp stamp = Look();
  if (looked_ && stamp == stamp_) return {};
  CLLM_ASSIGN(record_, GlanceAtRun(path_, outline_));
  stamp_ = stamp;
  looked_ = true;
  return {};
}

FollowedHistory* ShownRun::History() {
  if (!history_) {
    auto opened = FollowedHistory::Open(RunPaths{path_}.log(), {.cache = DefaultCacheDirectory()});
    if (!opened.ok()) return nullptr;
    history_ = *std::move(opened);
  }
  Follow();
  return history_.get();
}

void ShownRun::Follow() {
  const bool first =
      history_->With([](const RunHistory& history) { return history.steps() + history.events().size() == 0; });
  const Growth growth = history_->Follow(listens_ ? RunHistory::LineSink([this](std::string_view line) { Hear(line); })
                                                  : RunHistory::LineSink());
  if (!listens_ || growth != Growth::kAnew || first) return;
  // What was told before is void, and the readers begin anew.
  const uint64_t step = static_cast<uint64_t>(
      history_->With([](const RunHistory& history) { return history.LastPlace(Axis::kStep).value_or(0); }));
  news_.assign(1, {"resume", WriteJson({{"event", "resume"}, {"step", step}})});
}

void ShownRun::Hear(std::string_view line) {
  const Result<JsonObject> record = JsonObject::Parse(line, "log");
  if (!record.ok()) return;
  const std::string kind = StreamKind(*record);
  if (kind.empty()) return;
  std::string text(line);
  std::ranges::replace(text, '\r', ' ');  // would end a line of the stream
  if (kind == "spheres") text = WriteJson(WithEvent(kind, SphereFieldsOf(*record)));
  if (kind == "step") {
    text = "{\"event\":\"step\"," + text.substr(text.find('{') + 1);
    std::erase_if(news_, [](const News& news) { return news.kind == "step"; });
  }
  if (news_.size() >= kMostNews) news_.erase(news_.begin());
  news_.push_back({kind, std::move(text)});
}

void ShownRun::Listen(bool listens) {
  if (listens && !listens_) History();  // what is there already is no news
  listens_ = listens;
  if (!listens) news_.clear();
}

std::vector<ShownRun::News> ShownRun::TakeNews() { return std::exchange(news_, {}); }

}  // namespace cllm
