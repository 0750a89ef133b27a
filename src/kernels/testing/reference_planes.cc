#include "kernels/testing/reference_planes.h"

#include <algorithm>
#include <bit>

namespace cllm::reference {
namespace {

constexpr size_t kBlock = 64;

int Need(uint64_t number) { return static_cast<int>(std::bit_width(number)); }

int Above(const std::vector<uint64_t>& block, int bits) {
  return static_cast<int>(
      std::count_if(block.begin(), block.end(), [=](uint64_t number) { return Need(number) > bits; }));
}

void PackBlock(const std::vector<uint64_t>& block, std::vector<uint8_t>& out) {
  int most = 0;
  for (const uint64_t number : block) most = std::max(most, Need(number));
  int dense = most, least = 8 * most;
  // Of 16 forms with fewer bits, as long as the excesses take 40 bytes at most, the shortest; of equal ones the
  // densest.
  for (int bits = most - 1; bits >= std::max(0, most - 16); --bits) {
    const int excess = Above(block, bits) * ((most - bits + 7) / 8);
    if (excess > 40) break;
    if (8 * bits + 9 + excess < least) {
      least = 8 * bits + 9 + excess;
      dense = bits;
    }
  }
  const int excess_bytes = (most - dense + 7) / 8;
  out.push_back(static_cast<uint8_t>(dense | (dense < most ? 0x80 : 0)));
  if (dense < most) {
    out.push_back(static_cast<uint8_t>(excess_bytes));
    uint64_t which = 0;
    for (size_t i = 0; i < kBlock; ++i) which |= uint64_t{Need(block[i]) > dense} << i;
    for (int k = 0; k < 8; ++k) out.push_back(static_cast<uint8_t>(which >> (8 * k)));
    for (const uint64_t number : block) {
      if (Need(number) <= dense) continue;
      for (int k = 0; k < excess_bytes; ++k) out.push_back(static_cast<uint8_t>(number >> dense >> (8 * k)));
    }
  }
  for (int k = 0; k < dense / 8; ++k) {
    for (const uint64_t number : block) out.push_back(static_cast<uint8_t>(number >> (8 * k)));
  }
  for (int bit = dense / 8 * 8; bit < dense; ++bit) {
    for (size_t i = 0; i < kBlock; i += 8) {
      unsigned byte = 0;
      for (size_t k = 0; k < 8; ++k) byte |= static_cast<unsigned>(block[i + k] >> bit & 1) << k;
      out.push_back(static_cast<uint8_t>(byte));
    }
  }
}

template <typename Number>
std::vector<uint8_t> Pack(size_t n, Number number) {
  std::vector<uint8_t> out;
  for (size_t begin = 0; begin < n; begin += kBlock) {
    std::vector<uint64_t> block(kBlock, 0);
    for (size_t i = begin; i < std::min(n, begin + kBlock); ++i) block[i - begin] = number(i);
    PackBlock(block, out);
  }
  return out;
}

// 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
uint64_t ZigZag(int64_t value) {
  return value < 0 ? ~(static_cast<uint64_t>(value) << 1) : static_cast<uint64_t>(value) << 1;
}

// The place of a float in their order.
int64_t Place(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  return bits >> 31 == 0 ? int64_t{bits} : -1 - int64_t{bits & 0x7fffffff};
}

}  // namespace

std::vector<uint8_t> PackIntegers(const int64_t* values, size_t n) {
  return Pack(n, [=](size_t i) { return ZigZag(values[i]); });
}

std::vector<uint8_t> PackFloats(const float* values, const float* known, size_t n) {
  // The distance is one of 32 bits, which wraps around.
  return Pack(n,
              [=](size_t i) { return ZigZag(static_cast<int32_t>(Place(values[i]) - Place(known[i]))) & 0xffffffff; });
}

}  // namespace cllm::reference
