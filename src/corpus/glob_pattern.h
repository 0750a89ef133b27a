#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

// Patterns of paths, as shells and version control know them.
namespace cllm {

// Whether a text holds a character that means something in a pattern.
bool LooksLikeGlob(std::string_view text);

// "{a,b}c" is "ac" and "bc", also nested; a brace without partner or comma stands for itself. Error (BadInput): more
// than 1,000 patterns.
Result<std::vector<std::string>> ExpandBraces(const std::string& pattern);

// Whether a path matches as a whole: * and ? match within a name, [a-z] and [!a-z] one character of it, ** any number
// of folders (or, as the last part, whatever lies below), a backslash takes the next character as it is. No braces.
// Takes time in the product of the lengths.
bool GlobMatches(std::string_view pattern, std::string_view path);

// Which of the files that are found, not named, are wanted. A pattern without a slash in it is one of names, another
// one of whole paths; "./" in front says nothing. One that names a folder (gen/, src/gen) is about all that lies in it;
// with a slash behind it is about nothing else. A plain value.
struct FileFilter {
  std::vector<std::string> include = {};  // none: everything
  std::vector<std::string> exclude = {};  // stronger than include; also of folders
};

// Knows which files a filter wants. Immutable.
class FileMatcher {
 public:
  // Error (Usage): braces of one pattern stand for too many; the sentence names the option in backquotes.
  static Result<FileMatcher> Of(const FileFilter& filter);

  // path: as found; relative: the same from the folder that was named. A pattern may match either.
  bool TakesFile(std::string_view path, std::string_view relative) const;
  bool TakesFolder(std::string_view path, std::string_view relative) const;

 private:
  FileMatcher() = default;
  std::vector<std::string> include_, exclude_;  // without braces
  std::vector<std::string> folders_;            // those of include_ that name folders
};

}  // namespace cllm
