#include "model/testing/reference.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace cllm::reference {
namespace {

using Values = std::vector<double>;
using View = std::span<const double>;

// y[t, o] = sum over i of x[t, i] * weight[o, i]; x [rows, inputs], weight [outputs, inputs], y [rows, outputs].
Values Linear(View x, View weight, size_t rows, size_t inputs, size_t outputs) {
  Values y(rows * outputs, 0.0);
  for (size_t t = 0; t < rows; ++t) {
    for (size_t o = 0; o < outputs; ++o) {
      for (size_t i = 0; i < inputs; ++i) y[t * outputs + o] += x[t * inputs + i] * weight[o * inputs + i];
    }
  }
  return y;
}

// Each row of x [rows, C] over its root mean square, times weight [C] (Zhang, Sennrich 2019, eq. 4).
Values RmsNorm(View x, View weight, double eps) {
  const size_t width = weight.size();
  Values y(x.size());
  for (size_t start = 0; start < x.size(); start += width) {
    double squares = 0.0;
    for (size_t c = 0; c < width; ++c) squares += x[start + c] * x[start + c];
    const double rms = std::sqrt(squares / static_cast<double>(width) + eps);
    for (size_t c = 0; c < width; ++c) y[start + c] = x[start + c] / rms * weight[c];
  }
  return y;
}

// A rotary frequency as Llama 3.1 stretches it, by its wavelength: transformers, modeling_rope_utils.py.
double Stretched(const ModelShape& shape, double frequency) {
  if (shape.rope_factor == 1) return frequency;
  const double original = static_cast<double>(shape.rope_original), wavelength = 2 * M_PI / frequency;
  if (wavelength < original / shape.rope_high) return frequency;
  if (wavelength > original / shape.rope_low) return frequency / shape.rope_factor;
  const double smooth = (original / wavelength - shape.rope_low) / (shape.rope_high - shape.rope_low);
  return (1 - smooth) * frequency / shape.rope_factor + smooth * frequency;
}

// Rotates the pairs (2j, 2j + 1) of one head by position * base^(-2j / head_dim) (Su et al. 2021, eq. 34), stretched.
void Rotate(std::span<double> head, size_t position, const ModelShape& shape) {
  for (size_t j = 0; j < head.size() / 2; ++j) {
    const double exponent = -2.0 * static_cast<double>(j) / static_cast<double>(head.size());
    const double angle = static_cast<double>(position) * Stretched(shape, std::pow(shape.rope_base, exponent));
    const double a = head[2 * j], b = head[2 * j + 1];
    head[2 * j] = a * std::cos(angle) - b * std::sin(angle);
    head[2 * j + 1] = a * std::sin(angle) + b * std::cos(angle);
  }
}

// ln of the sum of exp(x).
double LogSumExp(View x) {
  const double largest = *std::max_element(x.begin(), x.end());
  double sum = 0.0;
  for (const double value : x) sum += std::exp(value - largest);
  return largest + std::log(sum);
}

// Scaled causal attention of one head (Vaswani et al. 2017, eq. 1) at position t: the mean of the values of positions
// 0..t, weighted by softmax(q k / sqrt(D)). fused: [T, stride], rotated; query, key, value: columns of this head in it.
void AttendPosition(View fused, size_t stride, size_t t, const size_t (&columns)[3], std::span<double> out) {
  const auto [query, key, value] = columns;
  Values scores(t + 1, 0.0);
  for (size_t s = 0; s <= t; ++s) {
    for (size_t d = 0; d < out.size(); ++d) {
      scores[s] += fused[t * stride + query + d] * fused[s * stride + key + d];
    }
    scores[s] /= std::sqrt(static_cast<double>(out.size()));
  }
  const double normalizer = LogSumExp(scores);
  for (size_t s = 0; s <= t; ++s) {
    const double weight = std::exp(scores[s] - normalizer);
    for (size_t d = 0; d < out.size(); ++d) out[d] += weight * fused[s * stride + value + d];
  }
}

// fused [T, (H + 2 K) D] holds query, key and value of each position, heads side by side; returns the heads' outputs
// [T, H D]. Query head h reads key/value head h K / H.
Values Attention(const ModelShape& shape, Values fused) {
  const size_t dim = shape.head_dim, stride = (shape.heads + 2 * shape.kv_heads) * dim;
  const size_t rows = fused.size() / stride, keys = shape.heads * dim, values = keys + shape.kv_heads * dim;
  Values out(rows * shape.heads * dim, 0.0);
  for (size_t t = 0; t < rows; ++t) {
    for (size_t column = 0; column < values; column += dim) {  // queries, then keys
      Rotate({&fused[t * stride + column], dim}, t, shape);
    }
  }
  for (size_t head = 0; head < shape.heads; ++head) {
    const size_t kv = head * shape.kv_heads / shape.heads * dim;
    for (size_t t = 0; t < rows; ++t) {
      AttendPosition(fused, stride, t, {head * dim, keys + kv, values + kv},
                     {&out[(t * shape.heads + head) * dim], dim});
    }
  }
  return out;
}

// gate_up [T, 2F]: silu(gate) * up (Shazeer 2020, eq. 6), [T, F].
Values SwiGlu(View gate_up, size_t hidden) {
  Values out(gate_up.size() / 2);
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t row = i / hidden, column = i % hidden;
    const double gate = gate_up[row * 2 * hidden + column], up = gate_up[row * 2 * hidden + hidden + column];
    out[i] = gate / (1.0 + std::exp(-gate)) * up;
  }
  return out;
}

void AddTo(Values& x, const Values& y) {
  CHECK(x.size() == y.size());
  for (size_t i = 0; i < x.size(); ++i) x[i] += y[i];
}

// -ln of the summed probability of the tokens in the class of the target.
double ClassScore(View logits, double normalizer, std::span<const int32_t> classes, size_t target) {
  double probability = 0.0;
  for (size_t v = 0; v < logits.size(); ++v) {
    if (classes[v] == classes[target]) probability += std::exp(logits[v] - normalizer);
  }
  return -std::log(probability);
}

}  // namespace

std::vector<double> Logits(const ModelShape& config, std::span<const double> parameters,
                           std::span<const uint32_t> tokens) {
  const ParameterLayout layout(config);
  CHECK(parameters.size() >= layout.size());
  CHECK(!tokens.empty() && tokens.size() <= config.context);
  const auto tensor = [&](const TensorInfo& info) { return parameters.subspan(info.offset, info.size()); };
  const size_t rows = tokens.size(), width = config.width, hidden = config.hidden;

  const View embedding = tensor(layout.embedding());
  Values x;
  for (const uint32_t token : tokens) {
    CHECK(token < config.vocabulary);
    const View row = embedding.subspan(token * width, width);
    x.insert(x.end(), row.begin(), row.end());
  }
  for (size_t layer = 0; layer < config.layers; ++layer) {
    const Values n = RmsNorm(x, tensor(layout.attention_norm(layer)), config.norm_eps);
    const Values heads =
        Attention(config, Linear(n, tensor(layout.query_key_value(layer)), rows, width, config.qkv_width()));
    AddTo(x, Linear(heads, tensor(layout.attention_output(layer)), rows, config.query_width(), width));

    const Values m = RmsNorm(x, tensor(layout.ffn_norm(layer)), config.norm_eps);
    const Values h = SwiGlu(Linear(m, tensor(layout.gate_up(layer)), rows, width, 2 * hidden), hidden);
    AddTo(x, Linear(h, tensor(layout.down(layer)), rows, hidden, width));
  }
  return Linear(RmsNorm(x, tensor(layout.final_norm()), config.norm_eps), tensor(layout.head()), rows, width,
                config.vocabulary);
}

LossParts Loss(const ModelShape& config, std::span<const double> parameters, std::span<const uint32_t> tokens,
               size_t batch, std::span<const int32_t> root_class, std::span<const int32_t> form_class, double lambda,
               const std::vector<bool>& context_only) {
  CHECK(batch > 0 && tokens.size() % batch == 0 && tokens.size() / batch >= 2);
  CHECK(root_class.size() == config.vocabulary && form_class.size() == config.vocabulary);
  const size_t columns = tokens.size() / batch, positions = columns - 1, vocabulary = config.vocabulary;
  LossParts sum;
  size_t scored = 0;
  for (size_t b = 0; b < batch; ++b) {
    const std::span<const uint32_t> sequence = tokens.subspan(b * columns, columns);
    const Values logits = Logits(config, parameters, sequence.first(positions));
    for (size_t t = 0; t < positions; ++t) {
      if (!context_only.empty() && context_only[b * positions + t]) continue;
      ++scored;
      const View row(&logits[t * vocabulary], vocabulary);
      const uint32_t target = sequence[t + 1];
      CHECK(target < vocabulary);
      const double normalizer = LogSumExp(row);
      sum.token += normalizer - row[target];
      sum.root += ClassScore(row, normalizer, root_class, target);
      sum.form += ClassScore(row, normalizer, form_class, target);
    }
  }
  const double count = static_cast<double>(scored);
  LossParts mean{.token = sum.token / count, .root = sum.root / count, .form = sum.form / count};
  mean.total = mean.token + lambda * (mean.root + mean.form);
  return mean;
}

}  // namespace cllm::reference
