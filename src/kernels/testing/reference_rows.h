#pragma once

#include <cstddef>
#include <cstdint>

// Plain double-precision twins of the kernels of rows and of the optimizer: same shapes, same meaning, no vectors, sums
// in order of the index. What the tests compare with; slow on purpose.
namespace cllm::reference {

double Dot(const double* x, const double* y, size_t n);

// d_x and d_weight are added to.
void RmsNorm(const double* x, size_t x_stride, const double* weight, size_t rows, size_t columns, double eps,
             double* y, size_t y_stride, double* inverse_rms);
void RmsNormBackward(const double* d_y, size_t d_y_stride, const double* x, size_t x_stride, const double* weight,
                     const double* inverse_rms, size_t rows, size_t columns, double* d_x, size_t d_x_stride,
                     double* d_weight);

void Rope(double* x, size_t x_stride, size_t rows, size_t heads, size_t head_dim, size_t first_position,
          const double* cosines, const double* sines);
void RopeBackward(double* d_x, size_t d_x_stride, size_t rows, size_t heads, size_t head_dim, size_t first_position,
                  const double* cosines, const double* sines);

double Silu(double x);
double SiluDerivative(double x);
void SwiGlu(const double* gate, const double* up, size_t stride, size_t rows, size_t n, double* h, size_t h_stride);
void SwiGluBackward(double* d_h, size_t d_h_stride, double* gate, double* up, size_t stride, size_t rows, size_t n);

double SoftmaxRow(double* x, size_t n, size_t padded, double scale);
void SoftmaxRowFromLse(double* x, size_t n, size_t padded, double scale, double lse);
void SoftmaxRowBackward(const double* p, double* d_p, size_t n, size_t padded, double scale, double delta);

struct LossScores {
  double token, root, form;  // nats
};
LossScores LossRow(double* logits, const int32_t* root, const int32_t* form, size_t vocabulary,
                   size_t target, double lambda, double scale);

void Dropout(double* x, size_t n, double rate, uint64_t key, uint64_t first);

struct AdamW {
  double rate, beta1, beta2, eps, decay;  // as in optimizer.h
  double bias1, bias2, gradient_scale;
};
void AdamWUpdate(const AdamW& options, double* weight, double* m, double* v, const double* gradient, size_t n);
void MuonMomentum(double momentum, double gradient_scale, double* m, const double* gradient, double* direction,
                  size_t n);
void MuonApply(double rate, double decay, double* weight, const double* direction, size_t n);

}  // namespace cllm::reference
