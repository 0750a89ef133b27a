#pragma once

#include <optional>
#include <string_view>

namespace cllm {

// What a curve is drawn over.
enum class Axis {
  kStep,
  kTokens,   // read so far
  kSeconds,  // of training, over all sessions
  kTime,     // of the wall clock, seconds since 1970; logs of early versions have none
};

const char* NameOf(Axis axis);                         // "step", "tokens", "seconds", "time"
std::optional<Axis> AxisNamed(std::string_view name);  // nothing: no such axis

}  // namespace cllm
