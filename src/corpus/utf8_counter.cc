#include "corpus/utf8_counter.h"

#include <cstring>

namespace cllm {

void Utf8Counter::Add(std::string_view bytes) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  while (p != end) {
    // Eight ASCII bytes at a time: most text is that.
    while (needed_ == 0 && end - p >= 8) {
      uint64_t word;
      std::memcpy(&word, p, sizeof(word));
      if ((word & 0x8080808080808080u) != 0) break;
      p += 8;
    }
    if (p == end) break;
    AddByte(static_cast<uint8_t>(*p++));
  }
}

void Utf8Counter::EndDocument() {
  if (needed_ != 0) invalid_ += have_;
  needed_ = 0;
}

void Utf8Counter::AddByte(uint8_t byte) {
  if (needed_ == 0) return Begin(byte);
  if (byte < low_ || byte > high_) {
    invalid_ += have_;
    needed_ = 0;
    return Begin(byte);
  }
  ++have_;
  --needed_;
  low_ = 0x80;
  high_ = 0xBF;
}

void Utf8Counter::Begin(uint8_t byte) {
  if (byte < 0x80) return;
  if (byte < 0xC2 || byte > 0xF4) {
    ++invalid_;
    return;
  }
  have_ = 1;
  needed_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  low_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
  high_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
}

}  // namespace cllm
