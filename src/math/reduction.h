#pragma once

#include <cstdint>

// Exact reduction of large angles.
namespace cllm::math {

// |angle| = quadrant * pi/2 + high + low modulo 2 pi, |high + low| <= pi/4, quadrant 0 to 3.
struct ReducedAngle {
  double high;
  double low;  // below one ulp of high
  uint64_t quadrant;
};

// Payne, Hanek (1983) in integers: the 53 bits of the angle times the 192 bits of 2/pi that matter at its exponent, out
// of a table of 1,280; three multiplications whatever the angle. Relative error of high + low at most 2^-60 for every
// double (the nearest one to a multiple of pi/2 leaves 2^-61). Thread-safe.
// REQUIRES: 1 <= |angle| < inf.
ReducedAngle ReduceLargeAngle(double angle);

}  // namespace cllm::math
