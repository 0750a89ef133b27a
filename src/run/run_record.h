#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "run/run_choices.h"
#include "run/run_score.h"

// Runs that lie on disk, for those who look at them: nothing here writes, and a run that trains is not disturbed.
namespace cllm {

class LogOutline;

enum class RunCondition {
  kRunning,   // a process writes it
  kFinished,  // it came to its end
  kStopped,   // it can be gone on with
  kDamaged,   // it cannot
};
const char* NameOf(RunCondition condition);  // "running"

// A run as it lies there. What could not be read is empty or zero. A plain value.
struct RunRecord {
  std::string path;
  RunCondition condition = RunCondition::kDamaged;
  std::string reason;  // a few words, where the condition needs them: "patience", "diverged", what is damaged
  RunChoices choices;
  std::string tokenizer;  // its name
  uint64_t parameters = 0, vocabulary = 0;
  uint64_t step = 0, planned = 0, tokens = 0;  // of the newest checkpoint that is whole
  // Of a run by time whose last step was not decided then: `planned` are the steps that were, and this is left of its
  // time.
  std::optional<double> time_left_s;
  double seconds = 0;  // of training
  std::optional<RunScore> score;
  std::string corpus_hash, weights_hash;  // of that checkpoint; the second names its model file's bytes
  int64_t changed = 0;                    // when it was saved last, in seconds since 1970
  uint64_t disk_bytes = 0;

  // Where the text lay, for people: "book.txt", "a.txt and 2 more".
  std::string Text() const;
  // How far it is: "1200 of 2000", or where the total is not known "1200 (48s left)".
  std::string Steps() const;
};

// Error (BadInput): no run is there. A damaged one is a record that says so. Sizes are compared, not hashes.
Result<RunRecord> ReadRunRecord(const std::string& path);

// The same at little cost, for those who look at many runs again and again: the tokenizer is not opened (its name
// follows from the number of its tokens), and of the log only what `log`, of this run, has not seen yet.
Result<RunRecord> GlanceAtRun(const std::string& path, LogOutline& log);

// Where runs lie in a directory and at most two levels of folders below it, or the directory itself if it is one; by
// name. Error (BadInput): it cannot be read.
Result<std::vector<std::string>> FindRunDirectories(const std::string& directory);

// The runs in a directory and at most two levels of folders below it, or the directory itself if it is one; the last
// saved first. Error (BadInput): it cannot be read.
Result<std::vector<RunRecord>> FindRuns(const std::string& directory);

}  // namespace cllm
