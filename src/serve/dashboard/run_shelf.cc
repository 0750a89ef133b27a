#include "serve/dashboard/run_shelf.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace cllm {
namespace {

constexpr double kLookAgain_s = 1;
constexpr size_t kLongestShownId = 200;

std::string CanonicalPath(const std::string& path) {
  std::error_code error;
  const std::string canonical = std::filesystem::canonical(path, error).string();
  return error ? path : canonical;
}

// "books/a" of the run runs/books/a in the place runs; the last part of a run that is a place itself.
std::string NameInPlace(const std::string& place, const std::string& path) {
  std::error_code error;
  const std::filesystem::path inside = std::filesystem::relative(path, place, error);
  const std::string name = inside.string();
  if (!error && !name.empty() && name != "." && !name.starts_with("..")) return name;
  std::string_view last = path;
  while (last.size() > 1 && last.ends_with('/')) last.remove_suffix(1);
  if (last == "." || last.ends_with("..")) return std::filesystem::path(CanonicalPath(path)).filename().string();
  return std::string(last.substr(last.rfind('/') + 1));
}

}  // namespace

void RunShelf::AddPlace(std::string place) {
  places_.push_back(std::move(place));
  looked_ = -1e9;
}

bool RunShelf::SamePlace(const std::string& a, const std::string& b) { return CanonicalPath(a) == CanonicalPath(b); }

std::vector<std::string> RunShelf::OutermostPlaces() const {
  std::vector<std::string> outermost, paths;
  for (const std::string& place : places_) {
    paths.push_back(CanonicalPath(place));
    if (!paths.back().ends_with('/')) paths.back() += '/';
  }
  for (size_t i = 0; i < places_.size(); ++i) {
    bool inside = false;
    for (size_t j = 0; j < places_.size(); ++j) {
      inside |= paths[i].starts_with(paths[j]) && (paths[i] != paths[j] || j < i);
    }
    if (!inside) outermost.push_back(places_[i]);
  }
  return outermost;
}

std::string RunShelf::NewId(const std::string& name) const {
  std::string id;
  for (const char c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    id += plain ? c : '~';
  }
  if (id.find_first_not_of('.') == id.npos) id += '~';  // no "." and "..", which addresses lose
  const auto taken = [&](const std::string& wanted) {
    return std::ranges::any_of(known_, [&](const auto& run) { return run.second->id() == wanted; });
  };
  std::string unique = id;
  for (size_t n = 2; taken(unique); ++n) unique = fmt::format("{}~{}", id, n);
  return unique;
}

void RunShelf::Show(const std::string& place, const std::string& path) {
  const std::string key = CanonicalPath(path);
  auto run = known_.find(key);
  if (run == known_.end()) {
    const std::string name = NameInPlace(place, path);
    run = known_.emplace(key, std::make_unique<ShownRun>(NewId(name), name, path)).first;
  }
  if (std::ranges::count(present_, run->second.get()) > 0 || !run->second->Refresh().ok()) return;
  present_.push_back(run->second.get());
}

// A place that has gone shows nothing; it may come back.
void RunShelf::LookThrough(const std::string& place) {
  const Result<std::vector<std::string>> found = FindRunDirectories(place);
  if (!found.ok()) return;
  for (const std::string& path : *found) Show(place, path);
}

const std::vector<ShownRun*>& RunShelf::Runs(double now) {
  if (now - looked_ < kLookAgain_s) return present_;
  looked_ = now;
  present_.clear();
  for (const std::string& place : places_) LookThrough(place);
  std::erase_if(known_, [&](const auto& run) { return std::ranges::count(present_, run.second.get()) == 0; });
  std::ranges::stable_sort(present_, [](const ShownRun* a, const ShownRun* b) {
    const auto changed = [](const ShownRun* run) {
      return std::max(run->log_changed(), static_cast<double>(run->record().changed));
    };
    return changed(a) != changed(b) ? changed(a) > changed(b) : a->id() < b->id();
  });
  return present_;
}

Result<ShownRun*> RunShelf::Find(std::string_view id, double now) {
  const auto named = [&](const ShownRun* run) { return run->id() == id || run->name() == id; };
  auto run = std::ranges::find_if(present_, named);
  if (run == present_.end()) {
    Runs(now);
    run = std::ranges::find_if(present_, named);
  }
  if (run == present_.end()) {
    return BadInput(fmt::format("no run is called '{}' here (any more)", id.substr(0, kLongestShownId)));
  }
  ShownRun* const found = *run;
  if (const Status there = found->Refresh(); !there.ok()) {
    std::erase(present_, found);  // it has gone
    looked_ = -1e9;
    return BadInput(fmt::format("the run '{}' is not there any more: {}", found->name(), there.message()));
  }
  return found;
}

}  // namespace cllm
