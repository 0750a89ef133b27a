#pragma once

#include <cstddef>
#include <string>

namespace cllm {

// A text as somebody named it, and the directory that it was named from. Recorded as one path that opens the same file
// from anywhere: "texts/a.txt", named in /home/ann, is "/home/ann/./texts/a.txt". What is read, in which order and by
// which patterns, follows the named part alone, so that a recorded text is the text that was named. A plain value.
struct NamedPath {
  std::string base;   // "/home/ann"; "" for a path that stands as it was named
  std::string named;  // "texts/a.txt"

  // Takes a recorded path, or one as people write them, apart.
  static NamedPath Of(const std::string& path);
  // Where the file lies; unlike the recorded form it does not tell base and name apart.
  std::string Located() const;
  // Of a path below `base`: where the named part begins.
  size_t NameOffset() const { return base.empty() ? 0 : base.size() + (base.ends_with('/') ? 0 : 1); }
};

// The recorded form of a path that is named in `directory`. Absolute ones, "-", and all where the directory's name is
// unknown ("") stay as they are.
std::string RecordedPath(const std::string& path, const std::string& directory);
// The way back, for who is in `directory` again: what was named there, as it was named. Others stay as they are.
std::string PathAsNamedIn(const std::string& directory, const std::string& path);

}  // namespace cllm
