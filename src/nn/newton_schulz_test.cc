#include "nn/newton_schulz.h"

#include <gtest/gtest.h>

#include "nn/testing/doubles.h"

namespace cllm {
namespace {

using namespace doubles;

struct Size {
  size_t rows, columns;
};

Doubles Transposed(const Doubles& x, size_t rows, size_t columns) {
  Doubles y(x.size());
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) y[c * rows + r] = x[r * columns + c];
  }
  return y;
}

// Jordan 2024, in double.
Doubles Orthogonalised(Doubles x, size_t rows, size_t columns) {
  if (rows > columns) return Transposed(Orthogonalised(Transposed(x, rows, columns), columns, rows), columns, rows);
  const double norm = Norm(x) + 1e-7;
  for (double& value : x) value /= norm;
  for (int i = 0; i < 5; ++i) {
    const Doubles a = Linear(x, x, rows, columns, rows);
    Doubles b = Linear(a, a, rows, rows, rows);  // A is symmetric
    for (size_t j = 0; j < b.size(); ++j) b[j] = -4.7750 * a[j] + 2.0315 * b[j];
    const Doubles bx = Linear(b, Transposed(x, rows, columns), rows, rows, columns);
    for (size_t j = 0; j < x.size(); ++j) x[j] = 3.4445 * x[j] + bx[j];
  }
  return x;
}

class NewtonSchulzOp : public testing::TestWithParam<Size> {
 protected:
  const size_t rows_ = GetParam().rows, columns_ = GetParam().columns;

  std::vector<float> Run(std::vector<float> d) const {
    AlignedBuffer<float> scratch(NewtonSchulzScratch(rows_, columns_));
    AlignedBuffer<float> aligned(d.size());
    std::copy(d.begin(), d.end(), aligned.data());
    NewtonSchulz(aligned.data(), rows_, columns_, scratch.data());
    return {aligned.data(), aligned.data() + d.size()};
  }
};

TEST_P(NewtonSchulzOp, AgreesWithTheDoubleForm) {
  const std::vector<float> d = RandomFloats(1, rows_ * columns_, 0.01f);
  // The iteration multiplies small singular values, and the float errors in them, by up to 3.4445^5 = 485.
  EXPECT_LT(WorstError(Run(d), Orthogonalised(ToDouble(d), rows_, columns_)), 5e-5);
}

// The scale of the input does not matter.
TEST_P(NewtonSchulzOp, LargeAndSmallInputs_GiveTheSame) {
  const std::vector<float> d = RandomFloats(1, rows_ * columns_), small = RandomFloats(1, rows_ * columns_, 0x1p-12f);
  EXPECT_LT(WorstError(Run(small), ToDouble(Run(d))), 1e-3);
}

// Random matrices have singular values well away from zero, which end between 0.6 and 1.3: sum of squares likewise.
TEST_P(NewtonSchulzOp, SingularValuesEndNearOne) {
  const Doubles x = ToDouble(Run(RandomFloats(2, rows_ * columns_)));
  const double mean = Norm(x) * Norm(x) / static_cast<double>(std::min(rows_, columns_));
  EXPECT_GT(mean, 0.4);
  EXPECT_LT(mean, 1.5);
}

TEST_P(NewtonSchulzOp, ZeroStaysZero) {
  for (const float value : Run(std::vector<float>(rows_ * columns_))) EXPECT_EQ(value, 0);
}

INSTANTIATE_TEST_SUITE_P(Shapes, NewtonSchulzOp,
                         testing::Values(Size{8, 8}, Size{20, 33}, Size{33, 20}, Size{1, 17}, Size{17, 1},
                                         Size{48, 32}, Size{30, 100}, Size{100, 150}, Size{150, 130}),
                         [](const auto& shape) {
                           return std::to_string(shape.param.rows) + "x" + std::to_string(shape.param.columns);
                         });

}  // namespace
}  // namespace cllm
