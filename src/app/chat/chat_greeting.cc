#include "app/chat/chat_greeting.h"

#include <array>

namespace cllm {
namespace {

struct Expectation {
  uint64_t below;  // parameters
  const char* sentences;
};
constexpr std::array<Expectation, 5> kExpectations = {{
    {3'000'000,
     "A model of this size writes in the manner of its text: its words, its names, its rhythm. What it says makes "
     "little "
     "sense; it knows no facts and does not do as it is told."},
    {30'000'000,
     "A model of this size writes sentences that hang together for a line or two, in the manner of its text. It knows "
     "no "
     "facts and hardly does as it is told."},
    {300'000'000,
     "A model of this size writes fluently and keeps to a subject for some sentences. What it says of facts is often "
     "wrong, and it cannot reckon or reason."},
    {3'000'000'000,
     "A model of this size writes fluently and answers simple questions. Facts, numbers and reasons are often wrong: "
     "check "
     "them."},
    {~uint64_t{0}, "A model of this size answers questions, if it was taught to. Check what matters."},
}};

}  // namespace

std::string WhatToExpect(uint64_t parameters) {
  size_t i = 0;
  while (i + 1 < kExpectations.size() && parameters >= kExpectations[i].below) ++i;
  return kExpectations[i].sentences;
}

}  // namespace cllm
