#include "corpus/glob_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/units.h"

namespace cllm {
namespace {

constexpr size_t kMostPatterns = 1000;

// What a part of a pattern matches.
enum class Kind {
  kOne,      // one character of a set
  kName,     // *: any characters but slashes
  kFolders,  // **/: nothing, or anything that ends with a slash
  kAll,      // ** at the end: anything
};
struct Part {
  Kind kind = Kind::kOne;
  bool negated = false;
  std::vector<std::pair<char, char>> ranges = {};  // of kOne; none: any character but a slash

  bool Matches(char c) const {
    const auto holds = [c](const auto& range) { return range.first <= c && c <= range.second; };
    if (ranges.empty()) return c != '/';
    return std::any_of(ranges.begin(), ranges.end(), holds) ? !negated : negated && c != '/';
  }
};

// The set that begins behind "[" at `at`, which is moved behind its "]"; false if there is none.
bool ParseSet(std::string_view pattern, size_t& at, Part& part) {
  size_t i = at;
  if (i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^')) part.negated = true, ++i;
  for (const size_t first = i; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
    char low = pattern[i];
    if (low == '\\' && i + 1 < pattern.size()) low = pattern[++i];
    char high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') high = pattern[i += 2];
    part.ranges.push_back({low, high});
  }
  if (i >= pattern.size()) return false;
  at = i + 1;
  return true;
}

Part Character(char c) { return {.ranges = {{c, c}}}; }

// The part behind `at`, which is moved behind it.
Part ParsePart(std::string_view pattern, size_t& at) {
  const bool begins = at == 0 || pattern[at - 1] == '/';
  const char c = pattern[at++];
  if (c == '*') {
    if (at == pattern.size() || pattern[at] != '*') return {.kind = Kind::kName};
    while (at < pattern.size() && pattern[at] == '*') ++at;
    if (begins && at == pattern.size()) return {.kind = Kind::kAll};
    if (!begins || pattern[at] != '/') return {.kind = Kind::kName};
    ++at;
    return {.kind = Kind::kFolders};
  }
  if (c == '?') return {};
  if (Part set; c == '[' && ParseSet(pattern, at, set)) return set;
  return Character(c == '\\' && at < pattern.size() ? pattern[at++] : c);
}

// `reached` says of each place of the path whether the pattern so far may end before it; so does the result.
std::vector<char> Advance(const Part& part, const std::vector<char>& reached, std::string_view path) {
  std::vector<char> next(reached.size(), 0);
  if (part.kind == Kind::kOne) {
    for (size_t i = 0; i < path.size(); ++i) next[i + 1] = reached[i] && part.Matches(path[i]);
    return next;
  }
  bool open = false;
  for (size_t i = 0; i < reached.size(); ++i) {
    open |= reached[i] != 0;
    const bool ends = part.kind != Kind::kFolders || reached[i] || (i != 0 && path[i - 1] == '/');
    next[i] = open && ends;
    if (part.kind == Kind::kName && i < path.size() && path[i] == '/') open = false;
  }
  return next;
}

// The places of the first pair of braces to close that has a comma of its own: a pair inside it has none. Twice one
// place: there is no such pair.
std::pair<size_t, size_t> FirstChoice(std::string_view pattern) {
  std::vector<std::pair<size_t, bool>> open;  // of each open brace its place and whether a comma followed
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '{') open.push_back({i, false});
    if (open.empty()) continue;
    if (pattern[i] == ',') open.back().second = true;
    if (pattern[i] != '}') continue;
    if (open.back().second) return {open.back().first, i};
    open.pop_back();
  }
  return {0, 0};
}

// A pattern without what says nothing: "./" in front, a slash behind.
std::string_view Bare(std::string_view pattern) {
  while (pattern.size() > 2 && pattern.starts_with("./")) pattern.remove_prefix(2);
  while (pattern.size() > 1 && pattern.ends_with('/')) pattern.remove_suffix(1);
  return pattern;
}

bool Matches(std::string_view bare, std::string_view path, std::string_view relative) {
  if (bare.find('/') == bare.npos) return GlobMatches(bare, relative.substr(relative.rfind('/') + 1));
  return GlobMatches(bare, path) || GlobMatches(bare, relative);
}

enum class Found { kFile, kFolder };

// A slash behind a pattern is for folders only.
bool AnyMatches(const std::vector<std::string>& patterns, Found what, std::string_view path,
                std::string_view relative) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return (what == Found::kFolder || !pattern.ends_with('/')) && Matches(Bare(pattern), path, relative);
  });
}

// Whether the path lies in a folder that one of the patterns matches.
bool LiesInAny(const std::vector<std::string>& folders, std::string_view path, std::string_view relative) {
  for (size_t slash = relative.rfind('/'); slash != relative.npos && !folders.empty(); slash = relative.rfind('/')) {
    path.remove_suffix(relative.size() - slash);
    relative = relative.substr(0, slash);
    if (AnyMatches(folders, Found::kFolder, path, relative)) return true;
  }
  return false;
}

// Whether a pattern names a folder: with a slash behind it, or without signs in its last part.
bool NamesAFolder(std::string_view pattern) {
  return pattern.ends_with('/') || !LooksLikeGlob(pattern.substr(pattern.rfind('/') + 1));
}

// What the patterns of an option stand for.
Result<std::vector<std::string>> TakeApart(const char* option, const std::vector<std::string>& patterns) {
  std::vector<std::string> all;
  for (const std::string& whole : patterns) {
    const Result<std::vector<std::string>> expanded = ExpandBraces(whole);
    if (!expanded.ok()) return Usage(fmt::format("`{}`: {}", option, expanded.status().message()));
    all.insert(all.end(), expanded->begin(), expanded->end());
  }
  return all;
}

}  // namespace

bool LooksLikeGlob(std::string_view text) { return text.find_first_of("*?[{") != text.npos; }

Result<std::vector<std::string>> ExpandBraces(const std::string& pattern) {
  std::vector<std::string> open = {pattern}, done;
  while (!open.empty()) {
    if (done.size() + open.size() > kMostPatterns) {
      return BadInput(fmt::format("the braces of '{}' stand for more than {} patterns; name them apart, or use *",
                                  pattern, FormatCount(kMostPatterns)));
    }
    const std::string one = std::move(open.back());
    open.pop_back();
    const auto [brace, close] = FirstChoice(one);
    if (brace == close) {
      done.push_back(one);
      continue;
    }
    const std::string inside = one.substr(brace + 1, close - brace - 1);
    for (size_t begin = 0, end = 0; end != inside.npos; begin = end + 1) {
      end = inside.find(',', begin);
      open.push_back(one.substr(0, brace) + inside.substr(begin, end == inside.npos ? end : end - begin) +
                     one.substr(close + 1));
    }
  }
  std::sort(done.begin(), done.end());
  done.erase(std::unique(done.begin(), done.end()), done.end());
  return done;
}

bool GlobMatches(std::string_view pattern, std::string_view path) {
  std::vector<char> reached(path.size() + 1, 0);
  reached[0] = 1;
  for (size_t at = 0; at < pattern.size();) reached = Advance(ParsePart(pattern, at), reached, path);
  return reached.back() != 0;
}

Result<FileMatcher> FileMatcher::Of(const FileFilter& filter) {
  FileMatcher matcher;
  CLLM_ASSIGN(matcher.include_, TakeApart("include", filter.include));
  CLLM_ASSIGN(matcher.exclude_, TakeApart("exclude", filter.exclude));
  std::copy_if(matcher.include_.begin(), matcher.include_.end(), std::back_inserter(matcher.folders_), NamesAFolder);
  return matcher;
}

bool FileMatcher::TakesFile(std::string_view path, std::string_view relative) const {
  if (AnyMatches(exclude_, Found::kFile, path, relative)) return false;
  return include_.empty() || AnyMatches(include_, Found::kFile, path, relative) || LiesInAny(folders_, path, relative);
}

bool FileMatcher::TakesFolder(std::string_view path, std::string_view relative) const {
  return !AnyMatches(exclude_, Found::kFolder, path, relative);
}

}  // namespace cllm
