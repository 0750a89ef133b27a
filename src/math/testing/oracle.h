#pragma once

#include <mpfr.h>

#include <cstdint>
#include <string>

// True values by MPFR and the distance to them.
namespace cllm::math {

// An MPFR number of 96 bits; owns it.
class Real {
 public:
  Real() { mpfr_init2(value_, 96); }
  explicit Real(double x) : Real() { mpfr_set_d(value_, x, MPFR_RNDN); }
  ~Real() { mpfr_clear(value_); }
  Real(const Real&) = delete;
  Real& operator=(const Real&) = delete;
  mpfr_ptr get() { return value_; }

 private:
  mpfr_t value_;
};

// Sets y to f(x), true to at least 90 bits.
using TrueFunction = void (*)(mpfr_ptr y, mpfr_srcptr x);
void TrueRsqrt(mpfr_ptr y, mpfr_srcptr x);
void TrueSigmoid(mpfr_ptr y, mpfr_srcptr x);
void TrueSilu(mpfr_ptr y, mpfr_srcptr x);
void TrueSiluDerivative(mpfr_ptr y, mpfr_srcptr x);

// |found - truth| in units in the last place of T (float or double) at the truth, those of subnormal numbers below the
// smallest normal one. inf counts as the power of two above the largest number; infinite if one is NaN and the other is
// not, if an infinity is wrong, or if a zero has the wrong sign.
template <typename T>
double ErrorInUlps(T found, mpfr_ptr truth);

// The largest error of a function and where it is.
struct WorstError {
  double ulps = 0.0;
  double at = 0.0;
  double second_argument = 0.0;

  void Add(double error, double x, double y = 0.0) {
    if (!(error <= ulps)) *this = {error, x, y};
  }
};

// "0.8425 ulp at 0x1.2p+3 (9)".
std::string ToString(const WorstError& worst);

}  // namespace cllm::math
