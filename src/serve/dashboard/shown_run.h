#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "history/followed_history.h"
#include "run/log_outline.h"
#include "run/run_record.h"
#include "store/run_directory.h"

namespace cllm {

// A run that the dashboard shows, and what is known of it. Thread-compatible.
class ShownRun {
 public:
  ShownRun(std::string id, std::string name, std::string path)
      : id_(std::move(id)), name_(std::move(name)), path_(std::move(path)) {}

  const std::string& id() const { return id_; }      // in addresses: [A-Za-z0-9._~-]
  const std::string& name() const { return name_; }  // for people
  const std::string& path() const { return path_; }

  // Looks at the run again if anything in it changed. Error (BadInput): no run is there any more.
  Status Refresh();
  // Of the last look.
  const RunRecord& record() const { return record_; }
  const LogOutline& outline() const { return outline_; }
  const std::optional<RunLock::Owner>& owner() const { return stamp_.owner; }  // of its lock
  double log_changed() const { return stamp_.log_changed; }                    // seconds since 1970; 0: no log

  // Its log with all that it has now, opened at the first call. Null where there is none that can be read.
  FollowedHistory* History();

  // From here on what comes to the log is kept for TakeNews, or not any more.
  void Listen(bool listens);
  // A record that came to the log, for a stream of events.
  struct News {
    std::string kind;    // "step", "eval"
    std::string record;  // JSON in one line
  };
  // Those since the last call, in order; of steps the newest alone. A log that began anew is told as a resume.
  std::vector<News> TakeNews();

 private:
  // What of a run changes when something in it does.
  struct Stamp {
    double config_changed = 0, checkpoints_changed = 0, latest_changed = 0, log_changed = 0;
    uint64_t log_bytes = 0;
    std::optional<RunLock::Owner> owner;
    bool operator==(const Stamp& other) const;
  };
  Stamp Look() const;
  void Follow();
  void Hear(std::string_view line);

  std::string id_, name_, path_;
  Stamp stamp_;
  bool looked_ = false;
  LogOutline outline_;
  RunRecord record_;
  std::unique_ptr<FollowedHistory> history_;
  bool listens_ = false;
  std::vector<News> news_;
};

}  // namespace cllm
