#include "measure/products.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/panels.h"
#include "kernels/testing/reference.h"
#include "math/scalar.h"

namespace cllm::measure {
namespace {

enum class Form {
  kPackedRight,  // x W^T or d_y W: A rows contiguous in k, B packed
  kRightRows,    // attention's products with v and k: B unpacked
  kLeftColumns,  // attention's gradients of k and v: A contiguous in m, B unpacked
  kGradient,     // d_y^T x in tiles of at most 16,384 floats: A contiguous in m, B packed once for all tiles
};

struct Shape {
  const char* name;
  Form form;
  size_t m, n, k;
  size_t b_stride = 0;                           // of an unpacked B; 0: n
  size_t tile_rows = 0, tile_columns = 0;  // of a gradient, as training has them
};

constexpr Shape kLargest = {"b gate and up", Form::kPackedRight, 512, 2048, 384};

constexpr Shape kShapes[] = {
    {"b qkv", Form::kPackedRight, 512, 1152, 384},
    {"b attention out", Form::kPackedRight, 512, 384, 384},
    kLargest,
    {"b down", Form::kPackedRight, 512, 384, 1024},
    {"b down, block of hidden", Form::kPackedRight, 512, 384, 384},
    {"b d_hidden, block", Form::kPackedRight, 512, 384, 384},
    {"b d_x of gate and up", Form::kPackedRight, 512, 384, 2048},
    {"b head", Form::kPackedRight, 64, 259, 384},
    {"c qkv", Form::kPackedRight, 512, 768, 256},
    {"c gate and up", Form::kPackedRight, 512, 1376, 256},
    {"c head", Form::kPackedRight, 64, 4096, 256},
    {"a qkv", Form::kPackedRight, 128, 384, 128},
    {"a gate and up", Form::kPackedRight, 128, 688, 128},
    {"a down", Form::kPackedRight, 128, 128, 344},
    {"a qkv, 8 sequences", Form::kPackedRight, 512, 384, 128},
    {"attention scores", Form::kPackedRight, 48, 256, 64},
    {"attention values", Form::kRightRows, 48, 64, 256, 1152},
    {"attention d_values", Form::kLeftColumns, 256, 64, 48, 384},
    {"b gradient qkv", Form::kGradient, 1152, 384, 512, 384, 36, 384},
    {"b gradient up, block", Form::kGradient, 384, 384, 512, 384, 24, 384},
    {"b gradient down, block", Form::kGradient, 384, 384, 512, 384, 36, 384},
    {"c gradient head", Form::kGradient, 4096, 256, 256, 256, 60, 256},
    {"gradient of width 1024", Form::kGradient, 384, 1024, 512, 1024, 60, 256},
    {"a gradient qkv", Form::kGradient, 384, 128, 128, 128, 120, 128},
    {"one row, b qkv", Form::kPackedRight, 1, 1152, 384},
    {"one row, b gate and up", Form::kPackedRight, 1, 2048, 384},
    {"three rows, b qkv", Form::kPackedRight, 3, 1152, 384},
};

// Numbers from -1 to 1 that bf16 holds too, so that both precisions have one reference.
void FillRandom(AlignedBuffer<float>& x, uint64_t key) {
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(RandomBits(key, i) % 257) / 128 - 1;
}

// C[m, n] = A B of one shape, with random operands.
class Product : public Kernel {
 public:
  Product(const Shape& shape, Precision precision)
      : shape_(shape),
        precision_(precision),
        b_stride_(shape.b_stride == 0 ? shape.n : shape.b_stride),
        a_(shape.m * shape.k),
        b_(shape.k * b_stride_),
        c_(shape.m * shape.n),
        packed_(IsPacked() ? PackedSize(shape.k, shape.n, precision) : 0) {
    FillRandom(a_, 1);
    FillRandom(b_, 2);
    left_ = shape.form == Form::kGradient || shape.form == Form::kLeftColumns ? GemmLeft{a_.data(), 1, shape.m}
                                                                              : GemmLeft{a_.data(), shape.k, 1};
    if (IsPacked()) panels_ = PackRows(b_.data(), b_stride_, shape.k, shape.n, packed_.data(), precision);
  }

  void Run() override {
    const Shape& s = shape_;
    switch (s.form) {
      case Form::kPackedRight:
        Gemm(s.m, left_, panels_, c_.data(), s.n, GemmInto::kOverwrite);
        return;
      case Form::kRightRows:
      case Form::kLeftColumns:
        GemmRows(s.m, s.n, s.k, left_, b_.data(), b_stride_, c_.data(), s.n, GemmInto::kOverwrite, precision_);
        return;
      case Form::kGradient:
        RunTiles();
    }
  }

  // The first and the last rows against the reference.
  Status Check() override {
    Run();
    const size_t rows = std::min<size_t>(shape_.m, 8);
    for (const size_t begin : {size_t{0}, shape_.m - rows}) {
      const GemmLeft left = {left_.data + begin * left_.row_stride, left_.row_stride, left_.depth_stride};
      const reference::Product product =
          reference::Gemm(rows, shape_.n, shape_.k, left, b_.data(), b_stride_, 1, nullptr, 0);
      for (size_t i = 0; i < rows * shape_.n; ++i) {
        const double found = static_cast<double>(c_[begin * shape_.n + i]);
        if (math::Abs(found - product.value[i]) <= product.Tolerance(i, shape_.k)) continue;
        return Failed(fmt::format("row {}, column {} is {}, expected {}", begin + i / shape_.n, i % shape_.n, found,
                                  product.value[i]));
      }
    }
    return {};
  }

  double flop() const override { return 2.0 * static_cast<double>(shape_.m * shape_.n * shape_.k); }
  double bytes() const override {
    return static_cast<double>((shape_.m * shape_.k + shape_.k * shape_.n + shape_.m * shape_.n) * sizeof(float));
  }
  std::string size() const override { return fmt::format("{} x {} x {}", shape_.m, shape_.n, shape_.k); }

 private:
  bool IsPacked() const { return shape_.form == Form::kPackedRight || shape_.form == Form::kGradient; }

  // Packing is part of it: the input is another one for each item.
  void RunTiles() {
    const Shape& s = shape_;
    panels_ = PackRows(b_.data(), b_stride_, s.k, s.n, packed_.data(), precision_);
    for (size_t row = 0; row < s.m; row += s.tile_rows) {
      for (size_t column = 0; column < s.n; column += s.tile_columns) {
        Gemm(std::min(s.tile_rows, s.m - row), {left_.data + row, 1, left_.depth_stride},
             panels_.SliceColumns(column, std::min(column + s.tile_columns, s.n)), c_.data() + row * s.n + column, s.n,
             GemmInto::kOverwrite);
      }
    }
  }

  Shape shape_;
  Precision precision_;
  size_t b_stride_;
  AlignedBuffer<float> a_, b_, c_, packed_;
  GemmLeft left_;
  Panels panels_;
};

// A row times a weight as generation has it, limited by reading the weight: 3 million numbers, stored as told.
class WeightRow : public Kernel {
 public:
  explicit WeightRow(Storage storage)
      : row_(kDepth), weight_(kColumns * kDepth), out_(kColumns), packed_(PackedSize(kDepth, kColumns, storage)) {
    FillRandom(row_, 1);
    FillRandom(weight_, 2);
    RoundWeights(weight_.data(), kColumns, kDepth, storage);
    panels_ = PackColumns(weight_.data(), kDepth, kDepth, kColumns, packed_.data(), storage);
  }

  void Run() override { Gemm(1, left(), panels_, out_.data(), kColumns, GemmInto::kOverwrite); }

  Status Check() override {
    Run();
    const reference::Product product =
        reference::Gemm(1, kColumns, kDepth, left(), weight_.data(), 1, kDepth, nullptr, 0);
    for (size_t i = 0; i < kColumns; ++i) {
      const double found = static_cast<double>(out_[i]);
      if (math::Abs(found - product.value[i]) <= product.Tolerance(i, kDepth)) continue;
      return Failed(fmt::format("column {} is {}, expected {}", i, found, product.value[i]));
    }
    return {};
  }

  double flop() const override { return 0; }
  double bytes() const override { return static_cast<double>(packed_.size() * sizeof(float)); }
  std::string size() const override { return fmt::format("1 x {} x {}", kColumns, kDepth); }

 private:
  static constexpr size_t kColumns = 8192, kDepth = 384;

  GemmLeft left() const { return {row_.data(), kDepth, 1}; }

  AlignedBuffer<float> row_, weight_, out_, packed_;
  Panels panels_;
};

}  // namespace

std::vector<KernelSpec> Products() {
  std::vector<KernelSpec> specs;
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    for (const Shape& shape : kShapes) {
      const bool bf16 = precision == Precision::kBf16;
      if (bf16 && (shape.m < 64 || std::string_view(shape.name).starts_with("attention"))) continue;
      specs.push_back({bf16 ? fmt::format("{}, bf16", shape.name) : shape.name,
                       [&shape, precision] { return std::make_unique<Product>(shape, precision); }, precision});
    }
  }
  for (const auto& [name, storage] :
       {std::pair("f32", Storage::kF32), std::pair("bf16", Storage::kBf16), std::pair("q8_0", Storage::kQ8)}) {
    specs.push_back({fmt::format("one row, {} weights", name),
                     [storage = storage] { return std::make_unique<WeightRow>(storage); }});
  }
  return specs;
}

std::unique_ptr<Kernel> LargestProduct(Precision precision) { return std::make_unique<Product>(kLargest, precision); }

}  // namespace cllm::measure
