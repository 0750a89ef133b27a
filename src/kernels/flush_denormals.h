#pragma once

#include "base/float_control.h"

namespace cllm {

// While it lives, this thread's float operations read denormal operands as zero and write zero instead of denormal
// results, as the bf16 dot instruction always does.
class FlushDenormals {
 private:
  FloatControlScope scope_{ReadFloatControl() | kFlushDenormals};
};

}  // namespace cllm
