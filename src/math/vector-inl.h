// The project's own functions over Highway vectors, built of IEEE operations and fused multiply-add alone, so that a
// result is the same on every SIMD target, for any vector width (one lane is the scalar form) and without the C
// library. Include per target, between foreach_target.h and HWY_BEFORE_NAMESPACE(); see arrays.cc.
//
// Every function takes the tag and one vector of it, V f(D d, V x), and keeps its accuracy for all inputs; special
// values follow C99 Annex F. No exception flags are promised and rounding must be to nearest; NaN payloads are not
// specified. REQUIRES: subnormals are not flushed.
#if defined(CLLM_MATH_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_MATH_VECTOR_INL_H_
#undef CLLM_MATH_VECTOR_INL_H_
#else
#define CLLM_MATH_VECTOR_INL_H_
#endif

#include "math/elementary-inl.h"
#include "math/exponential-inl.h"
#include "math/logarithm-inl.h"
#include "math/power-inl.h"
#include "math/trigonometric-inl.h"

#endif
