#pragma once

#include <cstdint>
#include <string_view>

namespace cllm {

// Counts the bytes of a stream that do not belong to a well-formed UTF-8 character (Unicode 15, table 3-7: no overlong
// forms, no surrogates, nothing above U+10FFFF). One worker only.
class Utf8Counter {
 public:
  void Add(std::string_view bytes);
  // Ends a document: a character cut short there is not well-formed.
  void EndDocument();
  uint64_t invalid_bytes() const { return invalid_; }

 private:
  void AddByte(uint8_t byte);
  void Begin(uint8_t byte);

  uint64_t invalid_ = 0;
  uint32_t have_ = 0;    // bytes read of the character in progress
  uint32_t needed_ = 0;  // continuation bytes it still needs
  uint8_t low_ = 0x80;   // range of its next byte
  uint8_t high_ = 0xBF;
};

}  // namespace cllm
