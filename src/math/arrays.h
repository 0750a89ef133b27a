#pragma once

#include <cstddef>

// The functions of vector-inl.h over arrays, dispatched at run time to the best SIMD target of the machine. Every
// element has the bits of the scalar form, whatever n, alignment and target. y may be x, not a part of it.
// Pure and thread-safe.
namespace cllm::math {

void ExpArray(const float* x, float* y, size_t n);
void Exp2Array(const float* x, float* y, size_t n);
void LogArray(const float* x, float* y, size_t n);
void Log2Array(const float* x, float* y, size_t n);
void SinArray(const float* x, float* y, size_t n);
void CosArray(const float* x, float* y, size_t n);
void TanArray(const float* x, float* y, size_t n);
void TanhArray(const float* x, float* y, size_t n);
void SqrtArray(const float* x, float* y, size_t n);
void RsqrtArray(const float* x, float* y, size_t n);
void SigmoidArray(const float* x, float* y, size_t n);
void SiluArray(const float* x, float* y, size_t n);
void SiluDerivativeArray(const float* x, float* y, size_t n);
void FloorArray(const float* x, float* y, size_t n);
void CeilArray(const float* x, float* y, size_t n);
void RoundArray(const float* x, float* y, size_t n);
void TruncArray(const float* x, float* y, size_t n);
void AbsArray(const float* x, float* y, size_t n);

void ExpArray(const double* x, double* y, size_t n);
void LogArray(const double* x, double* y, size_t n);
void SinArray(const double* x, double* y, size_t n);
void CosArray(const double* x, double* y, size_t n);
void SqrtArray(const double* x, double* y, size_t n);

// z[i] = f(x[i], y[i]); z may be x or y.
void PowArray(const float* x, const float* y, float* z, size_t n);
void PowArray(const double* x, const double* y, double* z, size_t n);
void FmodArray(const float* x, const float* y, float* z, size_t n);
void MinArray(const float* x, const float* y, float* z, size_t n);
void MaxArray(const float* x, const float* y, float* z, size_t n);
void CopySignArray(const float* x, const float* y, float* z, size_t n);

}  // namespace cllm::math
