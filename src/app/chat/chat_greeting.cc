#include "app/chat/chat_greeting.h"

#include <fmt/format.h>

#include <array>

namespace cllm {
namespace {

struct Expectation {
  uint64_t below;  // parameters
  const char* sentences;
};
constexpr std::array<Expectation, 5> kExpectations = {{
    {3'000'000,
     "A model of this size writes in the manner of its text: its words, its names, its rhythm. What it says makes little "
     "sense; it knows no facts and does not do as it is told."},
    {30'000'000,
     "A model of this size writes sentences that hang together for a line or two, in the manner of its text. It knows no "
     "facts and hardly does as it is told."},
    {300'000'000,
     "A model of this size writes fluently and keeps to a subject for some sentences. What it says of facts is often "
     "wrong, and it cannot reckon or reason."},
    {3'000'000'000,
     "A model of this size writes fluently and answers simple questions. Facts, numbers and reasons are often wrong: check "
     "them."},
    {~uint64_t{0}, "A model of this size answers questions, if it was taught to. Check what matters."},
}};

}  // namespace

std::string WhatToExpect(uint64_t parameters) {
  size_t i = 0;
  while (i + 1 < kExpectations.size() && parameters >= kExpectations[i].below) ++i;
  return kExpectations[i].sentences;
}

std::string ShortCount(uint64_t count) {
  constexpr std::array<const char*, 4> kUnits = {"", " k", " M", " G"};
  double value = static_cast<double>(count);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) value /= 1000, ++unit;
  // 0.8 M says more than 800 k of a model.
  if (unit == 1 && value >= 100) value /= 1000, ++unit;
  const bool whole = unit == 0 || value >= 99.95;
  return whole ? fmt::format("{:.0f}{}", value, kUnits[unit]) : fmt::format("{:.1f}{}", value, kUnits[unit]);
}

}  // namespace cllm
