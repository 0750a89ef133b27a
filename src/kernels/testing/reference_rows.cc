#include "kernels/testing/reference_rows.h"

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "math/scalar.h"

namespace cllm::reference {

double Dot(const double* x, const double* y, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

void RmsNorm(const double* x, size_t x_stride, const double* weight, size_t rows, size_t columns, double eps,
             double* y, size_t y_stride, double* inverse_rms) {
  for (size_t t = 0; t < rows; ++t) {
    const double* row = x + t * x_stride;
    inverse_rms[t] = 1 / math::Sqrt(Dot(row, row, columns) / static_cast<double>(columns) + eps);
    for (size_t c = 0; c < columns; ++c) y[t * y_stride + c] = row[c] * inverse_rms[t] * weight[c];
  }
}

void RmsNormBackward(const double* d_y, size_t d_y_stride, const double* x, size_t x_stride, const double* weight,
                     const double* inverse_rms, size_t rows, size_t columns, double* d_x, size_t d_x_stride,
                     double* d_weight) {
  for (size_t t = 0; t < rows; ++t) {
    const double* dy = d_y + t * d_y_stride;
    const double* row = x + t * x_stride;
    const double inverse = inverse_rms[t];
    double sum = 0;
    for (size_t c = 0; c < columns; ++c) sum += weight[c] * dy[c] * row[c];
    const double shared = sum / static_cast<double>(columns) * inverse * inverse * inverse;
    for (size_t c = 0; c < columns; ++c) {
      d_x[t * d_x_stride + c] += inverse * weight[c] * dy[c] - row[c] * shared;
      d_weight[c] += dy[c] * row[c] * inverse;
    }
  }
}

namespace {

void Rotate(double* x, size_t stride, size_t rows, size_t heads, size_t head_dim, size_t first_position,
            const double* cosines, const double* sines, double sign) {
  const size_t pairs = head_dim / 2;
  for (size_t t = 0; t < rows; ++t) {
    for (size_t pair = 0; pair < heads * pairs; ++pair) {
      const size_t entry = (first_position + t) * pairs + pair % pairs;
      double* a = x + t * stride + 2 * pair;
      const double a0 = a[0], a1 = a[1], sine = sign * sines[entry];
      a[0] = a0 * cosines[entry] - a1 * sine;
      a[1] = a1 * cosines[entry] + a0 * sine;
    }
  }
}

}  // namespace

void Rope(double* x, size_t x_stride, size_t rows, size_t heads, size_t head_dim, size_t first_position,
          const double* cosines, const double* sines) {
  Rotate(x, x_stride, rows, heads, head_dim, first_position, cosines, sines, 1);
}
void RopeBackward(double* d_x, size_t d_x_stride, size_t rows, size_t heads, size_t head_dim, size_t first_position,
                  const double* cosines, const double* sines) {
  Rotate(d_x, d_x_stride, rows, heads, head_dim, first_position, cosines, sines, -1);
}

double Silu(double x) { return x / (1 + math::Exp(-x)); }
double SiluDerivative(double x) {
  const double sigmoid = 1 / (1 + math::Exp(-x));
  return sigmoid * (1 + x * (1 - sigmoid));
}

void SwiGlu(const double* gate, const double* up, size_t stride, size_t rows, size_t n, double* h, size_t h_stride) {
  for (size_t t = 0; t < rows; ++t) {
    for (size_t i = 0; i < n; ++i) h[t * h_stride + i] = Silu(gate[t * stride + i]) * up[t * stride + i];
  }
}
void SwiGluBackward(double* d_h, size_t d_h_stride, double* gate, double* up, size_t stride, size_t rows, size_t n) {
  for (size_t t = 0; t < rows; ++t) {
    for (size_t i = 0; i < n; ++i) {
      double& dh = d_h[t * d_h_stride + i];
      double& g = gate[t * stride + i];
      double& u = up[t * stride + i];
      const double silu = Silu(g), d_gate = dh * u * SiluDerivative(g), d_up = dh * silu;
      dh = silu * u;
      g = d_gate;
      u = d_up;
    }
  }
}

double SoftmaxRow(double* x, size_t n, size_t padded, double scale) {
  double maximum = x[0] * scale;
  for (size_t i = 0; i < n; ++i) maximum = std::max(maximum, x[i] * scale);
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += math::Exp(x[i] * scale - maximum);
  const double lse = maximum + math::Log(sum);
  SoftmaxRowFromLse(x, n, padded, scale, lse);
  return lse;
}
void SoftmaxRowFromLse(double* x, size_t n, size_t padded, double scale, double lse) {
  for (size_t i = 0; i < n; ++i) x[i] = math::Exp(x[i] * scale - lse);
  std::fill(x + n, x + padded, 0.0);
}
void SoftmaxRowBackward(const double* p, double* d_p, size_t n, size_t padded, double scale, double delta) {
  for (size_t i = 0; i < n; ++i) d_p[i] = p[i] * (d_p[i] - delta) * scale;
  std::fill(d_p + n, d_p + padded, 0.0);
}

namespace {

// ln of the summed exp(logits) over the members, relative to their own maximum.
double LogSumExp(const double* logits, const std::vector<size_t>& members) {
  double maximum = logits[members.front()];
  for (size_t v : members) maximum = std::max(maximum, logits[v]);
  double sum = 0;
  for (size_t v : members) sum += math::Exp(logits[v] - maximum);
  return maximum + math::Log(sum);
}

// The tokens whose class is that of the target; all tokens where `classes` is null.
std::vector<size_t> Members(const int32_t* classes, size_t vocabulary, size_t target) {
  std::vector<size_t> members;
  for (size_t v = 0; v < vocabulary; ++v) {
    if (classes == nullptr || classes[v] == classes[target]) members.push_back(v);
  }
  return members;
}

}  // namespace

LossScores LossRow(double* logits, const int32_t* root, const int32_t* form, size_t vocabulary,
                   size_t target, double lambda, double scale) {
  const auto root_members = Members(root, vocabulary, target);
  const auto form_members = Members(form, vocabulary, target);
  const double lse = LogSumExp(logits, Members(nullptr, vocabulary, target));
  const double root_lse = LogSumExp(logits, root_members);
  const double form_lse = LogSumExp(logits, form_members);
  const LossScores scores = {lse - logits[target], lse - root_lse, lse - form_lse};
  std::vector<double> gradient(vocabulary);
  for (size_t v = 0; v < vocabulary; ++v) gradient[v] = (1 + 2 * lambda) * math::Exp(logits[v] - lse);
  for (size_t v : root_members) gradient[v] -= lambda * math::Exp(logits[v] - root_lse);
  for (size_t v : form_members) gradient[v] -= lambda * math::Exp(logits[v] - form_lse);
  gradient[target] -= 1;
  for (size_t v = 0; v < vocabulary; ++v) logits[v] = scale * gradient[v];
  return scores;
}

void Dropout(double* x, size_t n, double rate, uint64_t key, uint64_t first) {
  for (size_t i = 0; i < n; ++i) {
    const bool keep = static_cast<double>(UnitFloat(RandomBits(key, first + i))) >= rate;
    x[i] *= keep ? 1 / (1 - rate) : 0.0;
  }
}

void AdamWUpdate(const AdamW& options, double* weight, double* m, double* v, const double* gradient, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const double g = gradient[i] * options.gradient_scale;
    m[i] = options.beta1 * m[i] + (1 - options.beta1) * g;
    v[i] = options.beta2 * v[i] + (1 - options.beta2) * g * g;
    const double update = m[i] / options.bias1 / (math::Sqrt(v[i] / options.bias2) + options.eps);
    weight[i] -= options.rate * update + options.decay * weight[i];
  }
}
void MuonMomentum(double momentum, double gradient_scale, double* m, const double* gradient, double* direction,
                  size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const double g = gradient[i] * gradient_scale;
    m[i] = momentum * m[i] + g;
    direction[i] = g + momentum * m[i];
  }
}
void MuonApply(double rate, double decay, double* weight, const double* direction, size_t n) {
  for (size_t i = 0; i < n; ++i) weight[i] = weight[i] * (1 - decay) - rate * direction[i];
}

}  // namespace cllm::reference
