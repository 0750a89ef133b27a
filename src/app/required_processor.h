#pragma once

namespace cllm {

// The name of a processor feature that our code needs and this machine lacks, or nullptr. Safe to call on any processor
// of the architecture: its file is compiled without the vector extensions.
const char* LackingProcessorFeature();

}  // namespace cllm
