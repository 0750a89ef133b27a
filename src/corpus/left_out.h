#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cllm {

// Why a file or folder is not read.
enum class LeftOutReason {
  kBinary,
  kNeedsConversion,  // an office document and the like
  kBadLines,         // JSON lines, of which too many are none
  kDamaged,
  kUnreadable,
  kEmpty,
  kExcluded,  // by a FileFilter
  kHidden,    // its name begins with a dot
  kVersionControl,
  kRun,  // the directory of a training
  kCache,
  kFolderLink,  // a symbolic link to a folder
  kSpecial,     // neither file nor folder
  kOwnOutput,   // what this program writes to
  kSameFile,    // by another name, or linked
};

// Something that was found and is not read. A plain value.
struct LeftOut {
  LeftOutReason reason;
  std::string path;
  uint64_t bytes = 0;       // of a file
  std::string detail = "";  // one sentence that begins with the path, where there is more to say
  size_t origin = 0;        // which of the paths that were named it was found by
};

// "12 binary files (.png 10, .so 2; 4.1 MiB), 2 empty files (a.h, b.h)": by reason, the most bytes first. Few are
// named, many are told by the ends of their names, the most bytes first. "" for none.
std::string DescribeLeftOut(const std::vector<LeftOut>& left_out);

// "a, b, c and 4 more".
std::string NameSome(const std::vector<std::string>& names, size_t most);

// The end of a file's name with its dot, lower case, or the whole name without one: a kind of files.
std::string KindOfName(const std::string& path);

}  // namespace cllm
