#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cllm {

// Numbers distinct byte strings 0, 1, 2, ... in order of arrival, by open addressing over one arena of bytes: nothing
// is allocated per string. Owns copies; views stay valid until the next Add. Thread-compatible.
class StringIndex {
 public:
  static constexpr uint32_t kAbsent = UINT32_MAX;

  StringIndex();

  // The number of `bytes`; a new string gets the number size(). REQUIRES: fewer than 2^32 - 1 strings, 2^32 bytes.
  uint32_t Add(std::string_view bytes);
  // The number of `bytes`, or kAbsent.
  uint32_t Find(std::string_view bytes) const;

  size_t size() const { return ends_.size(); }
  size_t bytes() const { return arena_.size(); }  // of all strings together
  // REQUIRES: index < size().
  std::string_view operator[](size_t index) const {
    const size_t begin = index == 0 ? 0 : ends_[index - 1];
    return {arena_.data() + begin, ends_[index] - begin};
  }

 private:
  struct Slot {
    uint32_t hash = 0;  // high half: spares most comparisons
    uint32_t index = kAbsent;
  };
  static uint64_t HashOf(std::string_view bytes);
  size_t SlotOf(std::string_view bytes, uint64_t hash) const;
  void Grow();

  std::vector<Slot> slots_;
  std::vector<char> arena_;
  std::vector<uint32_t> ends_;  // string i is arena_[ends_[i - 1], ends_[i])
};

}  // namespace cllm
