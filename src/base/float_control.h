#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

// How float operations of the calling thread round and treat denormals: the control word of its processor.
namespace cllm {

#if defined(__x86_64__)
using FloatControl = uint32_t;                               // MXCSR
inline constexpr FloatControl kDefaultFloatControl = 0x1f80;  // after reset: exceptions masked, nearest, no FTZ, no DAZ
inline constexpr FloatControl kFlushDenormals = 0x8040;       // flush to zero, denormals are zero
inline FloatControl ReadFloatControl() { return _mm_getcsr(); }
inline void WriteFloatControl(FloatControl control) { _mm_setcsr(control); }
#else
using FloatControl = uint64_t;  // FPCR
inline constexpr FloatControl kDefaultFloatControl = 0;
inline constexpr FloatControl kFlushDenormals = FloatControl{1} << 24;  // FZ
inline FloatControl ReadFloatControl() {
  FloatControl control;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  return control;
}
inline void WriteFloatControl(FloatControl control) { asm volatile("msr fpcr, %0" : : "r"(control) : "memory"); }
#endif

// While it lives, this thread has another control word.
class FloatControlScope {
 public:
  explicit FloatControlScope(FloatControl control) : before_(ReadFloatControl()) { WriteFloatControl(control); }
  ~FloatControlScope() { WriteFloatControl(before_); }
  FloatControlScope(const FloatControlScope&) = delete;
  FloatControlScope& operator=(const FloatControlScope&) = delete;

 private:
  FloatControl before_;
};

}  // namespace cllm
