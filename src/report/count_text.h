#pragma once

#include <cstdint>
#include <string>

#include "base/units.h"

namespace cllm::report {

// "1,234" of a number that counts something, whatever it may be.
inline std::string CountText(double count) {
  return FormatCount(count >= 1 && count < 0x1p63 ? static_cast<uint64_t>(count) : 0);
}

}  // namespace cllm::report
