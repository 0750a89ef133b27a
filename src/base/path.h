#pragma once

#include <string>

// Names of files, as text: nothing here asks the system.
namespace cllm {

// "dir" and "name" joined by one slash.
std::string JoinPath(const std::string& directory, const std::string& name);

// The directory part of a path: "a" of "a/b", "." of "b", "/" of "/b".
std::string ParentPath(const std::string& path);

}  // namespace cllm
