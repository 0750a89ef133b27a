#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace cllm {

// While it lives, this thread's float operations read denormal operands as zero and write zero instead of denormal
// results, as the bf16 dot instruction always does.
class FlushDenormals {
 public:
  FlushDenormals() : before_(Control()) { SetControl(before_ | kFlush); }
  ~FlushDenormals() { SetControl(before_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__x86_64__)
  using Bits = uint32_t;
  static constexpr Bits kFlush = 0x8040;  // MXCSR: flush to zero, denormals are zero
  static Bits Control() { return _mm_getcsr(); }
  static void SetControl(Bits bits) { _mm_setcsr(bits); }
#else
  using Bits = uint64_t;
  static constexpr Bits kFlush = Bits{1} << 24;  // FPCR.FZ
  static Bits Control() {
    Bits bits;
    asm volatile("mrs %0, fpcr" : "=r"(bits));
    return bits;
  }
  static void SetControl(Bits bits) { asm volatile("msr fpcr, %0" : : "r"(bits) : "memory"); }
#endif
  Bits before_;
};

}  // namespace cllm
