#pragma once

#include <string>

namespace cllm {

// The root of the sources that these tests were built from, without a slash at its end: there lie committed files that
// a test reads. Only this function's own file knows the path, so that a compiler cache serves clones of any folder.
std::string SourceDirectory();

}  // namespace cllm
