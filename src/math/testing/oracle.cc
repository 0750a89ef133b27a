#include "math/testing/oracle.h"

#include <cmath>
#include <cstdio>
#include <limits>

namespace cllm::math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// e^-|x| and 1 + e^-|x|.
void ExpAndSum(mpfr_ptr e, mpfr_ptr sum, mpfr_srcptr x) {
  mpfr_abs(e, x, MPFR_RNDN);
  mpfr_neg(e, e, MPFR_RNDN);
  mpfr_exp(e, e, MPFR_RNDN);
  mpfr_add_ui(sum, e, 1, MPFR_RNDN);
}

}  // namespace

void TrueRsqrt(mpfr_ptr y, mpfr_srcptr x) {
  // MPFR gives +inf for -0; IEEE 754 rSqrt gives -inf.
  if (mpfr_zero_p(x)) return mpfr_set_inf(y, mpfr_signbit(x) ? -1 : 1);
  mpfr_rec_sqrt(y, x, MPFR_RNDN);
}

void TrueSigmoid(mpfr_ptr y, mpfr_srcptr x) {
  Real e, sum;
  ExpAndSum(e.get(), sum.get(), x);
  if (mpfr_sgn(x) < 0) {
    mpfr_div(y, e.get(), sum.get(), MPFR_RNDN);
  } else {
    mpfr_ui_div(y, 1, sum.get(), MPFR_RNDN);
  }
}

void TrueSilu(mpfr_ptr y, mpfr_srcptr x) {
  if (mpfr_inf_p(x) && mpfr_sgn(x) < 0) return mpfr_set_zero(y, -1);
  Real sigmoid;
  TrueSigmoid(sigmoid.get(), x);
  mpfr_mul(y, x, sigmoid.get(), MPFR_RNDN);
}

void TrueSiluDerivative(mpfr_ptr y, mpfr_srcptr x) {
  if (mpfr_inf_p(x)) return static_cast<void>(mpfr_set_si(y, mpfr_sgn(x) > 0 ? 1 : 0, MPFR_RNDN));
  Real sigmoid, rest, negative;
  mpfr_neg(negative.get(), x, MPFR_RNDN);
  TrueSigmoid(sigmoid.get(), x);
  TrueSigmoid(rest.get(), negative.get());
  mpfr_mul(rest.get(), rest.get(), x, MPFR_RNDN);
  mpfr_add_ui(rest.get(), rest.get(), 1, MPFR_RNDN);
  mpfr_mul(y, sigmoid.get(), rest.get(), MPFR_RNDN);
}

template <typename T>
double ErrorInUlps(T found, mpfr_ptr truth) {
  using Limits = std::numeric_limits<T>;
  if (mpfr_nan_p(truth) || std::isnan(found)) return mpfr_nan_p(truth) && std::isnan(found) ? 0.0 : kInfinity;
  if (found == T(0) && std::signbit(found) != (mpfr_signbit(truth) != 0)) return kInfinity;
  if (mpfr_zero_p(truth)) return found == T(0) ? 0.0 : kInfinity;
  const bool is_beyond = mpfr_inf_p(truth) || mpfr_get_exp(truth) > Limits::max_exponent;
  if (std::isinf(found) && is_beyond) return std::signbit(found) == (mpfr_signbit(truth) != 0) ? 0.0 : kInfinity;
  if (mpfr_inf_p(truth)) return kInfinity;
  const int exponent = static_cast<int>(mpfr_get_exp(truth)) - Limits::digits;
  const int smallest = Limits::min_exponent - Limits::digits;
  Real difference;
  if (std::isinf(found)) {
    mpfr_set_si_2exp(difference.get(), std::signbit(found) ? -1 : 1, Limits::max_exponent, MPFR_RNDN);
  } else {
    mpfr_set_d(difference.get(), static_cast<double>(found), MPFR_RNDN);
  }
  mpfr_sub(difference.get(), difference.get(), truth, MPFR_RNDN);
  mpfr_mul_2si(difference.get(), difference.get(), exponent < smallest ? -smallest : -exponent, MPFR_RNDN);
  return std::fabs(mpfr_get_d(difference.get(), MPFR_RNDN));
}
template double ErrorInUlps(float found, mpfr_ptr truth);
template double ErrorInUlps(double found, mpfr_ptr truth);

std::string ToString(const WorstError& worst) {
  char text[160];
  std::snprintf(text, sizeof(text), "%.4f ulp at %a (%g), %a", worst.ulps, worst.at, worst.at, worst.second_argument);
  return text;
}

}  // namespace cllm::math
