#include "mutator.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <limits>

#include "base/random.h"

namespace cllm::fuzz {
namespace {

// Numbers that overflow, wrap, change sign or exceed a limit somewhere.
constexpr std::array<const char*, 16> kEdgeTexts = {
    "0",          "-1",         "1",    "255", "65536", "1048576", "2147483647",           "2147483648",
    "4294967295", "4294967296", "1e99", "0.5", "null",  "[]",      "18446744073709551615", "18446744073709551616"};
constexpr std::array<uint64_t, 8> kEdgeNumbers = {0,
                                                  1,
                                                  uint64_t{1} << 31,
                                                  std::numeric_limits<uint32_t>::max(),
                                                  uint64_t{1} << 32,
                                                  uint64_t{1} << 62,
                                                  uint64_t{1} << 63,
                                                  std::numeric_limits<uint64_t>::max()};

// Draws in order from one index.
class Draws {
 public:
  explicit Draws(uint64_t index) : index_(index) {}
  // [0, size), 0 for a size of 0.
  size_t Below(size_t size) { return size == 0 ? 0 : RandomBits(index_, count_++) % size; }

 private:
  uint64_t index_, count_ = 0;
};

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

void ReplaceNumberText(std::string& text, Draws& draw) {
  size_t begin = draw.Below(text.size());
  while (begin < text.size() && !IsDigit(text[begin])) ++begin;
  if (begin == text.size()) return;
  size_t end = begin;
  while (end < text.size() && IsDigit(text[end])) ++end;
  text.replace(begin, end - begin, kEdgeTexts[draw.Below(kEdgeTexts.size())]);
}

void ReplaceNumberBytes(std::string& text, Draws& draw) {
  const size_t bytes = draw.Below(2) == 0 ? 4 : 8;
  if (text.size() < bytes) return;
  // Mostly where numbers lie: at a multiple of four.
  const size_t at = draw.Below(4) == 0 ? draw.Below(text.size() - bytes + 1) : draw.Below(text.size() / 4) * 4;
  const uint64_t number = kEdgeNumbers[draw.Below(kEdgeNumbers.size())];
  std::memcpy(text.data() + std::min(at, text.size() - bytes), &number, bytes);
}

void Change(std::string& text, std::span<const std::string> seeds, Draws& draw) {
  const size_t at = draw.Below(text.size());
  const size_t run = 1 + draw.Below(std::min<size_t>(64, text.size() - at));
  switch (draw.Below(8)) {
    case 0:
      if (!text.empty()) text[at] = static_cast<char>(text[at] ^ (1 << draw.Below(8)));
      break;
    case 1:
      text.resize(at);
      break;
    case 2:
      text.erase(at, run);
      break;
    case 3:
      text.insert(at, text.substr(at, run));
      break;
    case 4: {
      const std::string& other = seeds[draw.Below(seeds.size())];
      text.replace(at, run, other.substr(draw.Below(other.size()), 1 + draw.Below(256)));
      break;
    }
    case 5:
      ReplaceNumberBytes(text, draw);
      break;
    default:
      ReplaceNumberText(text, draw);
  }
}

}  // namespace

std::string Mutated(std::span<const std::string> seeds, uint64_t index) {
  Draws draw(index);
  std::string text = seeds[draw.Below(seeds.size())];
  for (size_t changes = 1 + draw.Below(4); changes > 0; --changes) Change(text, seeds, draw);
  return text;
}

}  // namespace cllm::fuzz
