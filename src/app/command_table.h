#pragma once

#include <span>
#include <vector>

#include "app/arguments/arguments.h"
#include "app/command.h"

namespace cllm {

// The commands of `cllm`, and those of `cllm bench`. Immutable.
std::span<const Command> Commands();
std::span<const Command> Benchmarks();

// The commands of `cllm runs`; the first one, `runs list`, is also `runs` alone.
std::span<const Command> RunsCommands();

// The pages of all of them, benchmarks in the place of `bench`: made anew at each call.
std::vector<CommandPage> Pages();

}  // namespace cllm
