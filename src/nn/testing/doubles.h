#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "nn/linear.h"

// Numbers, and the obvious double-precision forms of what the ops compute.
namespace cllm::doubles {

using Doubles = std::vector<double>;

// Uniform in [-scale, scale), floats.
inline std::vector<float> RandomFloats(uint64_t key, size_t n, float scale = 1) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = scale * (2 * UnitFloat(RandomBits(key, i)) - 1);
  return values;
}

inline Doubles ToDouble(std::span<const float> x) { return {x.begin(), x.end()}; }

inline double Norm(const Doubles& x) {
  double squares = 0;
  for (const double value : x) squares += value * value;
  return std::sqrt(squares);
}

// The largest difference between found and expected, over the root mean square of expected.
inline double WorstError(std::span<const float> found, const Doubles& expected) {
  double worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) worst = std::max(worst, std::abs(found[i] - expected[i]));
  return worst / (Norm(expected) / std::sqrt(static_cast<double>(expected.size())));
}

// y[rows, outputs] = x[rows, inputs] weight[outputs, inputs]^T.
inline Doubles Linear(const Doubles& x, const Doubles& weight, size_t rows, size_t inputs, size_t outputs) {
  Doubles y(rows * outputs);
  for (size_t t = 0; t < rows; ++t) {
    for (size_t o = 0; o < outputs; ++o) {
      for (size_t i = 0; i < inputs; ++i) y[t * outputs + o] += x[t * inputs + i] * weight[o * inputs + i];
    }
  }
  return y;
}

// The gradient of f at x by central differences of order 4, element by element.
inline Doubles Slopes(const std::function<double(const Doubles&)>& f, const Doubles& x, double h = 1e-3) {
  Doubles slopes(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const auto at = [&](double step) {
      Doubles moved = x;
      moved[i] += step;
      return f(moved);
    };
    slopes[i] = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
  }
  return slopes;
}

inline double Dot(const Doubles& x, const Doubles& y) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

// A weight's panels in memory of their own.
class Packed {
 public:
  // For x W^T, W [outputs, inputs].
  static Packed Columns(const std::vector<float>& weight, size_t outputs, size_t inputs) {
    Packed packed(inputs, outputs);
    packed.panels_ = PackColumns(weight.data(), inputs, inputs, outputs, packed.buffer_.data());
    return packed;
  }
  // For d_y W.
  static Packed Rows(const std::vector<float>& weight, size_t outputs, size_t inputs) {
    Packed packed(outputs, inputs);
    packed.panels_ = PackRows(weight.data(), inputs, outputs, inputs, packed.buffer_.data());
    return packed;
  }
  const Panels& panels() const { return panels_; }

 private:
  Packed(size_t depth, size_t columns) : buffer_(PackedSize(depth, columns)) {}
  AlignedBuffer<float> buffer_;
  Panels panels_;
};

// An accumulator, a sink to it with scratch of its own, and what was added.
struct Gathered {
  explicit Gathered(std::vector<TileGrid> grids, size_t size) : accumulator(size, std::move(grids)), tile(kTileFloats) {
    sink.accumulator = &accumulator;
    sink.tile = tile.data();
  }
  std::vector<float> Values() {
    std::vector<float> values;
    for (const int64_t fixed : accumulator.values()) {
      values.push_back(static_cast<float>(static_cast<double>(fixed) * 0x1p-40));
    }
    return values;
  }

  ExactAccumulator accumulator;
  AlignedBuffer<float> tile;
  GradientSink sink;
};

}  // namespace cllm::doubles
