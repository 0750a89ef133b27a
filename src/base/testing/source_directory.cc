#include "base/testing/source_directory.h"

namespace cllm {

std::string SourceDirectory() { return CLLM_SOURCE_DIR; }

}  // namespace cllm
