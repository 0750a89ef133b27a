#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "serve/dashboard/shown_run.h"

namespace cllm {

// The runs that a dashboard shows: those that are named, and those in directories that are named, which are looked
// through again for runs that came or went. A run keeps its id. Thread-compatible.
class RunShelf {
 public:
  // places: runs, or directories of runs.
  explicit RunShelf(std::vector<std::string> places) : places_(std::move(places)) {}

  void AddPlace(std::string place);
  // Whether two paths lead to the same directory.
  static bool SamePlace(const std::string& a, const std::string& b);
  // As they were named, without those that lie in others.
  std::vector<std::string> OutermostPlaces() const;

  // All of them, the last changed first. now: seconds of any clock; within a second the last look is enough.
  const std::vector<ShownRun*>& Runs(double now);
  // The one with that id, looked at just now. Error (BadInput): there is none, or it has gone.
  Result<ShownRun*> Find(std::string_view id, double now);

 private:
  void LookThrough(const std::string& place);
  void Show(const std::string& place, const std::string& path);
  std::string NewId(const std::string& name) const;

  std::vector<std::string> places_;
  std::map<std::string, std::unique_ptr<ShownRun>> known_;  // by path
  std::vector<ShownRun*> present_;
  double looked_ = -1e9;
};

}  // namespace cllm
