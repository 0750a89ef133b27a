#pragma once

#include "app/arguments/command_line.h"
#include "infer/sampler.h"

namespace cllm {

// The options that say how a token is drawn, of every command that writes text.
void AddSamplingFlags(CommandLine& line, SamplerOptions& sampler);

}  // namespace cllm
