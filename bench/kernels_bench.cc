// Matrix products of the model's shapes on one thread: each result is checked against the double-precision reference,
// then timed in alternation with the machine's own peak, both in processor time. Prints the median of the rounds.
//   kernels_bench [rounds] [name part]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "kernels/gemm.h"
#include "kernels/peak.h"
#include "kernels/reference.h"
#include "kernels/simd.h"

namespace cllm {
namespace {

enum class Form {
  kPackedRight,  // x W^T or d_y W: A rows contiguous in k, B packed
  kRightRows,    // attention's products with v and k: B unpacked
  kGradient,     // d_y^T x in blocks of at most 16,384 floats: A contiguous in m, B unpacked
};

struct Shape {
  const char* name;
  Form form;
  size_t m, n, k;
  size_t b_stride = 0;                         // of an unpacked B; 0: n
  size_t block_rows = 128, block_columns = 128;  // of a gradient block
};

constexpr Shape kShapes[] = {
    {"b qkv", Form::kPackedRight, 512, 1152, 384},
    {"b attention out", Form::kPackedRight, 512, 384, 384},
    {"b gate and up", Form::kPackedRight, 512, 2048, 384},
    {"b down", Form::kPackedRight, 512, 384, 1024},
    {"b down, block of hidden", Form::kPackedRight, 512, 384, 128},
    {"b d_hidden, block", Form::kPackedRight, 512, 128, 384},
    {"b d_x of gate and up", Form::kPackedRight, 512, 384, 2048},
    {"b head", Form::kPackedRight, 64, 259, 384},
    {"c qkv", Form::kPackedRight, 512, 768, 256},
    {"c gate and up", Form::kPackedRight, 512, 1376, 256},
    {"c head", Form::kPackedRight, 64, 4096, 256},
    {"a qkv", Form::kPackedRight, 64, 384, 128},
    {"a gate and up", Form::kPackedRight, 64, 688, 128},
    {"a down", Form::kPackedRight, 64, 128, 344},
    {"a qkv, 8 sequences", Form::kPackedRight, 512, 384, 128},
    {"attention scores", Form::kPackedRight, 48, 256, 64},
    {"attention values", Form::kRightRows, 48, 64, 256, 1152},
    {"attention d_values", Form::kGradient, 256, 64, 48, 384, 256, 64},
    {"b gradient qkv", Form::kGradient, 1152, 384, 512, 384},
    {"b gradient up, block", Form::kGradient, 128, 384, 512, 384},
    {"b gradient down, block", Form::kGradient, 384, 128, 512, 128},
    {"b gradient, whole rows", Form::kGradient, 384, 384, 512, 384, 42, 384},
    {"b gradient, 64 x 256", Form::kGradient, 384, 384, 512, 384, 64, 256},
    {"gradient of width 1024", Form::kGradient, 384, 1024, 512, 1024},
    {"gradient of 1024, rows", Form::kGradient, 384, 1024, 512, 1024, 16, 1024},
    {"a gradient qkv", Form::kGradient, 384, 128, 64, 128},
    {"a gradient, 64 rows", Form::kGradient, 384, 128, 64, 128, 64, 128},
    {"one row, b qkv", Form::kPackedRight, 1, 1152, 384},
    {"one row, b gate and up", Form::kPackedRight, 1, 2048, 384},
    {"three rows, b qkv", Form::kPackedRight, 3, 1152, 384},
};

// The operands of a shape and the call that is timed.
struct Work {
  AlignedBuffer<float> a, b, c, packed;
  GemmLeft left;
  Panels panels;
  size_t b_stride = 0;
  std::function<void()> run;
};

void FillRandom(AlignedBuffer<float>& x, uint64_t key) {
  for (size_t i = 0; i < x.size(); ++i) x[i] = 2 * UnitFloat(RandomBits(key, i)) - 1;
}

void RunGradientBlocks(const Shape& s, Work& w) {
  for (size_t row = 0; row < s.m; row += s.block_rows) {
    for (size_t column = 0; column < s.n; column += s.block_columns) {
      GemmRows(std::min(s.block_rows, s.m - row), std::min(s.block_columns, s.n - column), s.k,
               {w.left.data + row, 1, w.left.depth_stride}, w.b.data() + column, w.b_stride,
               w.c.data() + row * s.n + column, s.n, GemmInto::kOverwrite);
    }
  }
}

void Prepare(const Shape& s, Work& w) {
  w.b_stride = s.b_stride == 0 ? s.n : s.b_stride;
  w.a = AlignedBuffer<float>(s.m * s.k);
  w.b = AlignedBuffer<float>(s.k * w.b_stride);
  w.c = AlignedBuffer<float>(s.m * s.n);
  FillRandom(w.a, 1);
  FillRandom(w.b, 2);
  w.left = s.form == Form::kGradient ? GemmLeft{w.a.data(), 1, s.m} : GemmLeft{w.a.data(), s.k, 1};
  if (s.form == Form::kPackedRight) {
    w.packed = AlignedBuffer<float>(PackedSize(s.k, s.n));
    w.panels = PackRows(w.b.data(), w.b_stride, s.k, s.n, w.packed.data());
    w.run = [&s, &w] { Gemm(s.m, w.left, w.panels, w.c.data(), s.n, GemmInto::kOverwrite); };
  } else if (s.form == Form::kRightRows) {
    w.run = [&s, &w] {
      GemmRows(s.m, s.n, s.k, w.left, w.b.data(), w.b_stride, w.c.data(), s.n, GemmInto::kOverwrite);
    };
  } else {
    w.run = [&s, &w] { RunGradientBlocks(s, w); };
  }
}

// The first and the last rows against the reference.
bool IsRight(const Shape& s, const Work& w) {
  const size_t rows = std::min<size_t>(s.m, 8);
  for (const size_t begin : {size_t{0}, s.m - rows}) {
    const GemmLeft left = {w.left.data + begin * w.left.row_stride, w.left.row_stride, w.left.depth_stride};
    const reference::Product product =
        reference::Gemm(rows, s.n, s.k, left, w.b.data(), w.b_stride, 1, nullptr, 0);
    for (size_t i = 0; i < rows * s.n; ++i) {
      const double error = static_cast<double>(w.c[begin * s.n + i]) - product.value[i];
      if (!(std::max(error, -error) <= product.Tolerance(i, s.k))) return false;
    }
  }
  return true;
}

double GflopsOf(const Shape& s, const Work& w) {
  constexpr double kMilliseconds = 4;
  const double begin = ThreadSeconds();
  double seconds = 0;
  size_t calls = 0;
  do {
    w.run();
    ++calls;
    seconds = ThreadSeconds() - begin;
  } while (seconds * 1e3 < kMilliseconds);
  return 2.0 * static_cast<double>(s.m * s.n * s.k * calls) / seconds * 1e-9;
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

bool Measure(const Shape& s, size_t rounds) {
  Work w;
  Prepare(s, w);
  w.run();
  if (!IsRight(s, w)) {
    std::printf("%-26s WRONG\n", s.name);
    return false;
  }
  std::vector<double> gflops, shares;
  for (size_t i = 0; i < rounds; ++i) {
    const double before = PeakGflops(2);
    gflops.push_back(GflopsOf(s, w));
    shares.push_back(gflops.back() / ((before + PeakGflops(2)) / 2));
  }
  std::printf("%-26s %5zu %5zu %5zu %9.1f %8.1f %%\n", s.name, s.m, s.n, s.k, Median(gflops), 100 * Median(shares));
  return true;
}

}  // namespace
}  // namespace cllm

int main(int argc, char** argv) {
  const size_t rounds = argc > 1 ? std::max<size_t>(5, std::strtoul(argv[1], nullptr, 10)) : 7;
  const std::string part = argc > 2 ? argv[2] : "";
  std::printf("1 thread, %s, median of %zu rounds\n", cllm::SimdName().c_str(), rounds);
  std::printf("%-26s %5s %5s %5s %9s %10s\n", "product", "m", "n", "k", "GFLOP/s", "of peak");
  bool right = true;
  for (const cllm::Shape& shape : cllm::kShapes) {
    if (std::string(shape.name).find(part) != std::string::npos) right &= cllm::Measure(shape, rounds);
  }
  return right ? 0 : 1;
}
