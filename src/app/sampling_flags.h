#pragma once

#include <cstdint>

#include "app/arguments/command_line.h"
#include "infer/sampler.h"

namespace cllm {

// The largest seed that is told and taken: one that every JSON reader keeps whole as a signed number.
inline constexpr uint64_t kMostSeed = ~uint64_t{0} >> 1;

// The options that say how a token is drawn, of every command that writes text.
void AddSamplingFlags(CommandLine& line, SamplerOptions& sampler);

}  // namespace cllm
