// Scalar and vector forms are one: the same bits on every SIMD target, for every length, tail and alignment.
#include "math/arrays.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "hwy/targets.h"
#include "math/testing/functions.h"
#include "math/testing/inputs.h"

namespace cllm::math {
namespace {

template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

// The bits, with one value for all NaN, whose payload is not specified.
template <typename T>
BitsOf<T> Bits(T x) {
  return std::isnan(x) ? ~BitsOf<T>{0} : std::bit_cast<BitsOf<T>>(x);
}

// Inputs of every size and kind: all exponents, both signs, special values, and many of ordinary size.
template <typename T>
std::vector<T> Inputs(size_t n, uint64_t seed) {
  const T special[] = {T(0),
                       T(-0.0),
                       T(INFINITY),
                       T(-INFINITY),
                       T(NAN),
                       T(1),
                       T(-1),
                       T(0.5),
                       std::numeric_limits<T>::min(),
                       std::numeric_limits<T>::denorm_min(),
                       std::numeric_limits<T>::max()};
  std::vector<T> values(n);
  for (size_t i = 0; i < n; ++i) {
    const uint64_t bits = DrawBits(seed, i);
    if (i % 8 == 3) {
      values[i] = special[(bits >> 40) % std::size(special)];
    } else if (i % 2 == 0) {
      values[i] = std::bit_cast<T>(static_cast<BitsOf<T>>(bits));
    } else {
      values[i] = static_cast<T>(DrawBetween(-20.0, 20.0, seed, i));
    }
  }
  return values;
}

// Runs body once for each target that the machine has, forced.
template <class Body>
void OnEveryTarget(Body body) {
  const int64_t all = hwy::SupportedTargets() & HWY_TARGETS;
  int count = 0;
  for (int64_t left = all; left != 0; left &= left - 1) {
    const int64_t target = left & -left;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    SCOPED_TRACE(hwy::TargetName(target));
    body();
    ++count;
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  EXPECT_GT(count, 0);
}

constexpr size_t kMostLanes = 16;
constexpr size_t kGuard = 8;

// Every length 0 to 2 * lanes + 1 at every misalignment; nothing beyond the output is written.
template <typename T, class Call, class Scalar>
void CheckTails(const char* name, Call call, Scalar scalar) {
  const std::vector<T> x = Inputs<T>(64 + kMostLanes, 1);
  const std::vector<T> y = Inputs<T>(64 + kMostLanes, 2);
  for (size_t offset = 0; offset < kMostLanes; ++offset) {
    for (size_t n = 0; n <= 2 * kMostLanes + 1; ++n) {
      std::vector<T> out(offset + n + kGuard, T(123));
      call(x.data() + offset, y.data() + offset, out.data() + offset, n);
      for (size_t i = 0; i < out.size(); ++i) {
        const bool inside = i >= offset && i < offset + n;
        const T expected = inside ? scalar(x[i], y[i]) : T(123);
        ASSERT_EQ(Bits(out[i]), Bits(expected))
            << name << " n " << n << " offset " << offset << " i " << i << " x " << x[i];
      }
    }
  }
}

template <typename T, class Call, class Scalar>
void CheckLong(const char* name, Call call, Scalar scalar) {
  constexpr size_t kSize = 40003;
  const std::vector<T> x = Inputs<T>(kSize, 3);
  const std::vector<T> y = Inputs<T>(kSize, 4);
  std::vector<T> out(kSize);
  call(x.data(), y.data(), out.data(), kSize);
  for (size_t i = 0; i < kSize; ++i) {
    ASSERT_EQ(Bits(out[i]), Bits(scalar(x[i], y[i]))) << name << " x " << x[i] << " y " << y[i];
  }
}

template <typename T, class Check>
void ForEachFunction(const OneArgument<T>* begin, const OneArgument<T>* end, Check check) {
  for (const auto* f = begin; f != end; ++f) {
    check(
        f->name, [f](const T* x, const T*, T* out, size_t n) { f->array(x, out, n); },
        [f](T x, T) { return f->scalar(x); });
  }
}
template <typename T, class Check>
void ForEachFunction(const TwoArguments<T>* begin, const TwoArguments<T>* end, Check check) {
  for (const auto* f = begin; f != end; ++f) {
    check(
        f->name, [f](const T* x, const T* y, T* out, size_t n) { f->array(x, y, out, n); },
        [f](T x, T y) { return f->scalar(x, y); });
  }
}

TEST(Arrays, EveryTailAndAlignment_HasTheScalarBits) {
  OnEveryTarget([] {
    const auto floats = [](auto... a) { CheckTails<float>(a...); };
    const auto doubles = [](auto... a) { CheckTails<double>(a...); };
    ForEachFunction(std::begin(kFloatFunctions), std::end(kFloatFunctions), floats);
    ForEachFunction(std::begin(kFloatPairFunctions), std::end(kFloatPairFunctions), floats);
    ForEachFunction(std::begin(kDoubleFunctions), std::end(kDoubleFunctions), doubles);
    ForEachFunction(std::begin(kDoublePairFunctions), std::end(kDoublePairFunctions), doubles);
  });
}

TEST(Arrays, LongArrays_HaveTheScalarBits) {
  OnEveryTarget([] {
    const auto floats = [](auto... a) { CheckLong<float>(a...); };
    const auto doubles = [](auto... a) { CheckLong<double>(a...); };
    ForEachFunction(std::begin(kFloatFunctions), std::end(kFloatFunctions), floats);
    ForEachFunction(std::begin(kFloatPairFunctions), std::end(kFloatPairFunctions), floats);
    ForEachFunction(std::begin(kDoubleFunctions), std::end(kDoubleFunctions), doubles);
    ForEachFunction(std::begin(kDoublePairFunctions), std::end(kDoublePairFunctions), doubles);
  });
}

TEST(Arrays, InPlace_HasTheSameBits) {
  std::vector<float> x = Inputs<float>(101, 5);
  std::vector<float> expected(x.size());
  ExpArray(x.data(), expected.data(), x.size());
  ExpArray(x.data(), x.data(), x.size());
  for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(Bits(x[i]), Bits(expected[i]));
}

// FNV-1a over the bits of f at 65,536 floats of all kinds.
template <typename T, class Scalar>
uint64_t HashOf(Scalar scalar) {
  const std::vector<T> x = Inputs<T>(65536, 6);
  const std::vector<T> y = Inputs<T>(65536, 7);
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < x.size(); ++i) hash = (hash ^ Bits(scalar(x[i], y[i]))) * 1099511628211u;
  return hash;
}

// Compilers, optimisation levels and processors must not change a bit. New bits need a new `numerics` number.
TEST(Arrays, BitsOfAllFunctions_AreTheCommittedOnes) {
  uint64_t hash = 0;
  const auto add = [&](const char* name, uint64_t one) {
    RecordProperty(name, std::to_string(one));
    hash = hash * 31 + one;
  };
  for (const auto& f : kFloatFunctions) add(f.name, HashOf<float>([&](float x, float) { return f.scalar(x); }));
  for (const auto& f : kFloatPairFunctions)
    add(f.name, HashOf<float>([&](float x, float y) { return f.scalar(x, y); }));
  for (const auto& f : kDoubleFunctions) add(f.name, HashOf<double>([&](double x, double) { return f.scalar(x); }));
  for (const auto& f : kDoublePairFunctions)
    add(f.name, HashOf<double>([&](double x, double y) { return f.scalar(x, y); }));
  EXPECT_EQ(hash, 15857094466064723312u);
}

}  // namespace
}  // namespace cllm::math
