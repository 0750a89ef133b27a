#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "hwy/detect_compiler_arch.h"
#include "kernels/flush_denormals.h"
#include "kernels/gemm/bf16_tile.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/panels.h"
#include "kernels/simd.h"

// Products in bf16 against their contract (Precision::kBf16), written out with integers and std::fma.
namespace cllm {
namespace {

// Zero instead of a denormal.
float Flushed(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }

float Rounded(float x) {
  x = Flushed(x);
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if (std::isnan(x)) return std::bit_cast<float>((bits | 0x00400000u) & 0xffff0000u);
  const uint32_t below = bits & 0xffffu, last = bits >> 16 & 1u;
  const uint32_t up = below > 0x8000u || (below == 0x8000u && last == 1) ? 1 : 0;
  return std::bit_cast<float>(((bits >> 16) + up) << 16);
}

float AddProduct(float sum, float a, float b) { return Flushed(std::fma(Rounded(a), Rounded(b), Flushed(sum))); }

struct Case {
  size_t m, n, k;
  bool row_contiguous_left = false;
  GemmInto into = GemmInto::kOverwrite;
  bool any_bits = false;  // operands of all classes instead of numbers from -1 to 1
};

// Numbers whose products and sums underflow, overflow and cancel often; NaNs are left to a test of their own.
float AnyBits(uint64_t bits) {
  static constexpr uint32_t kExponents[] = {0, 1, 2, 40, 63, 64, 65, 120, 126, 127, 128, 190, 191, 254};
  const uint32_t exponent = kExponents[bits % std::size(kExponents)];
  return std::bit_cast<float>(static_cast<uint32_t>(bits >> 32 & 0x807fffff) | exponent << 23);
}

std::vector<float> Values(size_t size, uint64_t key, bool any_bits) {
  std::vector<float> values(size);
  for (size_t i = 0; i < size; ++i) {
    const uint64_t bits = RandomBits(key, i);
    values[i] = any_bits ? AnyBits(bits) : 2 * UnitFloat(bits) - 1;
  }
  return values;
}

// Exactly as large as they must be, so that a sanitizer sees every overrun.
struct Operands {
  explicit Operands(const Case& c)
      : a(Values(c.m * c.k, 1, c.any_bits)),
        b(Values(c.k * c.n, 2, c.any_bits)),
        before(Values(c.m * c.n, 3, c.any_bits)) {
    left = c.row_contiguous_left ? GemmLeft{a.data(), 1, c.m} : GemmLeft{a.data(), c.k, 1};
    for (size_t j = 0; j < c.n; ++j) {
      for (size_t k = 0; k < c.k; ++k) transposed.push_back(b[k * c.n + j]);
    }
  }
  std::vector<float> a, b, before, transposed;
  GemmLeft left;
};

std::vector<float> Chain(const Case& c, const Operands& x) {
  std::vector<float> out = x.before;
  for (size_t i = 0; i < c.m; ++i) {
    for (size_t j = 0; j < c.n; ++j) {
      float sum = c.into == GemmInto::kAdd ? out[i * c.n + j] : 0;
      const auto add = [&](size_t k) {
        const bool exists = k < c.k;
        const float a = exists ? x.left.data[i * x.left.row_stride + k * x.left.depth_stride] : 0;
        sum = AddProduct(sum, a, exists ? x.b[k * c.n + j] : 0);
      };
      for (size_t k = 0; k < c.k; k += 2) {
        add(k + 1);
        add(k);
      }
      out[i * c.n + j] = sum;
    }
  }
  return out;
}

enum class Way { kPackRows, kPackColumns, kRows };

std::vector<float> ProductBy(const Case& c, const Operands& x, Way way) {
  std::vector<float> out = x.before;
  if (way == Way::kRows) {
    GemmRows(c.m, c.n, c.k, x.left, x.b.data(), c.n, out.data(), c.n, c.into, Precision::kBf16);
    return out;
  }
  AlignedBuffer<float> packed(PackedSize(c.k, c.n, Precision::kBf16));
  const Panels panels = way == Way::kPackRows
                            ? PackRows(x.b.data(), c.n, c.k, c.n, packed.data(), Precision::kBf16)
                            : PackColumns(x.transposed.data(), c.k, c.k, c.n, packed.data(), Precision::kBf16);
  Gemm(c.m, x.left, panels, out.data(), c.n, c.into);
  return out;
}

// The same bits; of NaNs only that they are ones.
bool Same(const std::vector<float>& x, const std::vector<float>& y) {
  for (size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i]) && std::isnan(y[i])) continue;
    if (std::bit_cast<uint32_t>(x[i]) != std::bit_cast<uint32_t>(y[i])) return false;
  }
  return x.size() == y.size();
}

// What a bf16 product may be computed by: each SIMD target, with the dot instruction and without it.
struct Processor {
  std::string target;
  bool dot;
};

std::vector<Processor> Processors() {
  std::vector<Processor> processors;
  for (const std::string& target : SimdTargets()) {
    processors.push_back({target, false});
    if (HasBf16Dot() && target == "avx512") processors.push_back({target, true});
  }
  return processors;
}

std::ostream& operator<<(std::ostream& out, const Processor& processor) {
  return out << processor.target << (processor.dot ? " with the dot instruction" : "");
}

void Force(const Processor& processor) {
  ASSERT_TRUE(ForceSimd(processor.target).ok());
  ForceBf16Dot(processor.dot);
}

// Restores what was in use.
class GemmBf16 : public testing::Test {
 protected:
  void TearDown() override { Force({SimdTargets().front(), dot_}); }

 private:
  const bool dot_ = UsesBf16Dot();
};

void ExpectAllWays(const Case& c) {
  const Operands x(c);
  const std::vector<float> expected = Chain(c, x);
  for (const Processor& processor : Processors()) {
    Force(processor);
    for (const Way way : {Way::kPackRows, Way::kPackColumns, Way::kRows}) {
      ASSERT_TRUE(Same(ProductBy(c, x, way), expected))
          << processor << " way " << static_cast<int>(way) << " m " << c.m << " n " << c.n << " k " << c.k << " left "
          << c.row_contiguous_left << " into " << static_cast<int>(c.into) << " any bits " << c.any_bits;
    }
  }
}

void ExpectAllProcessors(size_t m, size_t n, size_t k) {
  for (const bool row_contiguous : {false, true}) {
    for (const GemmInto into : {GemmInto::kOverwrite, GemmInto::kAdd}) {
      // Other processors than x86 may find a result denormal that rounds to a normal number.
      for (const bool any_bits : {false, true}) {
        if (any_bits && !HWY_ARCH_X86) continue;
        ASSERT_NO_FATAL_FAILURE(ExpectAllWays({m, n, k, row_contiguous, into, any_bits}));
      }
    }
  }
}

TEST_F(GemmBf16, SmallSizes_AreTheChainOnEveryTarget) {
  for (const size_t m : {0u, 1u, 2u, 3u, 5u, 6u, 7u, 8u, 11u, 12u, 13u, 14u, 24u, 29u}) {
    for (const size_t n : {0u, 1u, 7u, 8u, 9u, 15u, 16u, 17u, 31u, 32u, 33u, 64u, 65u}) {
      for (const size_t k : {0u, 1u, 2u, 3u, 7u, 8u, 40u}) ASSERT_NO_FATAL_FAILURE(ExpectAllProcessors(m, n, k));
    }
  }
}

TEST_F(GemmBf16, EveryDepth_IsTheChain) {
  for (size_t k = 0; k <= 70; ++k) {
    for (const size_t m : {1u, 6u, 13u}) ASSERT_NO_FATAL_FAILURE(ExpectAllProcessors(m, 33, k));
  }
}

TEST_F(GemmBf16, SizesBeyondTheCacheBlocks_AreTheChain) {
  ASSERT_NO_FATAL_FAILURE(ExpectAllProcessors(150, 33, 601));
  ASSERT_NO_FATAL_FAILURE(ExpectAllProcessors(65, 33, 1101));
  ASSERT_NO_FATAL_FAILURE(ExpectAllProcessors(1, 700, 1030));
}

TEST_F(GemmBf16, SlicesOfDepthAndColumns_HaveTheBitsOfTheWhole) {
  const Case c{17, 70, 333};
  const Operands x(c);
  const std::vector<float> whole = ProductBy(c, x, Way::kPackRows);
  AlignedBuffer<float> packed(PackedSize(c.k, c.n, Precision::kBf16));
  const Panels panels = PackRows(x.b.data(), c.n, c.k, c.n, packed.data(), Precision::kBf16);
  for (const size_t cut : {0u, 2u, 16u, 100u, 332u}) {
    std::vector<float> out(c.m * c.n);
    for (const auto& [begin, end] : {std::pair<size_t, size_t>{0, 32}, {32, c.n}}) {
      const Panels part = panels.SliceColumns(begin, end);
      Gemm(c.m, x.left, part.SliceDepth(0, cut), out.data() + begin, c.n, GemmInto::kOverwrite);
      Gemm(c.m, {x.left.data + cut, x.left.row_stride, 1}, part.SliceDepth(cut, c.k), out.data() + begin, c.n,
           GemmInto::kAdd);
    }
    ASSERT_TRUE(Same(out, whole)) << cut;
  }
}

// Every upper half with the lower halves around the ties.
TEST_F(GemmBf16, EveryValue_IsRoundedToNearestEvenWithDenormalsFlushed) {
  const float one = 1;
  for (const Processor& processor : Processors()) {
    Force(processor);
    std::vector<float> values;
    for (uint32_t upper = 0; upper < 0x10000; ++upper) {
      for (const uint32_t lower : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
        values.push_back(std::bit_cast<float>(upper << 16 | lower));
      }
    }
    std::vector<float> out(values.size());
    GemmRows(values.size(), 1, 1, {values.data(), 1, 1}, &one, 1, out.data(), 1, GemmInto::kOverwrite,
             Precision::kBf16);
    for (size_t i = 0; i < values.size(); ++i) {
      const float expected = Rounded(values[i]) + 0.0f;  // sums begin at +0
      if (std::isnan(expected)) {
        ASSERT_TRUE(std::isnan(out[i]));
      } else {
        ASSERT_EQ(std::bit_cast<uint32_t>(out[i]), std::bit_cast<uint32_t>(expected))
            << processor << " of " << values[i];
      }
    }
  }
}

TEST_F(GemmBf16, NonFiniteInput_ReachesOnlyItsRowOrColumn) {
  const Case c{9, 21, 13};
  for (const float bad : {INFINITY, NAN}) {
    Operands x(c);
    x.b[4 * c.n + 20] = bad;
    x.a[3 * c.k + 12] = bad;
    const std::vector<float> out = ProductBy(c, x, Way::kPackRows);
    for (size_t i = 0; i < out.size(); ++i) EXPECT_EQ(std::isfinite(out[i]), i % c.n != 20 && i / c.n != 3);
  }
}

// Denormals are flushed within the product only.
TEST_F(GemmBf16, CallersDenormals_Stay) {
  const float a = 1, b = 1;
  float c = 0;
  volatile float tiny = 0x1p-130f;
  GemmRows(1, 1, 1, {&a, 1, 1}, &b, 1, &c, 1, GemmInto::kOverwrite, Precision::kBf16);
  EXPECT_GT(tiny * 0.5f, 0.0f);
  {
    const FlushDenormals flush;
    EXPECT_EQ(tiny * 1.0f, 0.0f);
  }
  EXPECT_GT(tiny * 0.5f, 0.0f);
}

}  // namespace
}  // namespace cllm
