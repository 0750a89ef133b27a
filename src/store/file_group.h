#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "store/checkpoint.h"
#include "store/file_system.h"

// Files that belong together and become visible together, such as a model and its tokenizer.
namespace cllm {

// What happens where a file of that name is there already.
enum class IfThere { kRefuse, kReplace };

// Error (Usage): one of the files is there already, or `directory` is no directory; names it and `force`.
Status CheckNotThere(const std::string& directory, const std::vector<std::string>& names);

// Writes the files into a directory, which is made with its parents where it is missing: all of them as temporary
// files, synced, then each renamed in the order given, so that where the last one is, all are. What else lies there
// stays.
//
// Error: Usage as CheckNotThere, unless files are to be replaced; NoResources if the disk has no room, before anything
// is written; Failed if the system refuses. After an error nothing of the group is there that was not there before, nor
// is the directory, if the system lets them be removed; a file to be replaced may be the new one already where renaming
// itself failed. REQUIRES: names are plain and differ.
Status WriteFileGroup(FileSystem& files, const std::string& directory, const std::vector<CheckpointFile>& group,
                      IfThere if_there);

}  // namespace cllm
