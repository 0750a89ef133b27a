#include "infer/text_stream.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace cllm {
namespace {

unsigned Byte(char c) { return static_cast<unsigned char>(c); }

// Bytes of the character that `lead` begins; 1 for a byte that begins no longer one.
size_t CharacterLength(unsigned lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 1;
}

// The second byte excludes overlong forms, surrogates and what lies beyond U+10FFFF.
bool IsSecondByte(unsigned lead, unsigned second) {
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  return second >= low && second <= high;
}

// The whole of `tail` begins one character and more bytes are needed to finish it. REQUIRES: 1 to 3 bytes.
bool IsUnfinished(std::string_view tail) {
  const unsigned lead = Byte(tail[0]);
  if (CharacterLength(lead) <= tail.size()) return false;
  if (tail.size() > 1 && !IsSecondByte(lead, Byte(tail[1]))) return false;
  return tail.size() < 3 || (Byte(tail[2]) >= 0x80 && Byte(tail[2]) <= 0xBF);
}

}  // namespace

size_t UnfinishedCharacter(std::string_view text) {
  for (size_t n = 1; n <= std::min<size_t>(3, text.size()); ++n) {
    if (IsUnfinished(text.substr(text.size() - n))) return n;
  }
  return 0;
}

TextStream::TextStream(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase_if(stops_, [](const std::string& stop) { return stop.empty(); });
}

std::string_view TextStream::Append(std::string_view bytes) {
  CHECK(!stopped_);
  text_ += bytes;
  const size_t stop = FirstStop();
  if (stop != text_.npos) {
    stopped_ = true;
    text_.resize(stop);
    return Release(stop);
  }
  const size_t free = text_.size() - HeldForStops();
  return Release(free - UnfinishedCharacter(std::string_view(text_).substr(released_, free - released_)));
}

std::string_view TextStream::Finish(std::string_view bytes) {
  const size_t begin = released_;
  Append(bytes);
  released_ = text_.size();
  return std::string_view(text_).substr(begin);
}

std::string_view TextStream::BreakOff(std::string_view bytes) {
  const size_t begin = released_;
  Append(bytes);
  // No part of a character was released, so that none of what is dropped was.
  if (!stopped_) text_.resize(text_.size() - UnfinishedCharacter(std::string_view(text_).substr(released_)));
  released_ = text_.size();
  return std::string_view(text_).substr(begin);
}

// Nothing that was released can be part of a stop string, or it would have been held back.
size_t TextStream::FirstStop() const {
  size_t first = text_.npos;
  for (const std::string& stop : stops_) first = std::min(first, text_.find(stop, released_));
  return first;
}

// Bytes at the end that begin a stop string.
size_t TextStream::HeldForStops() const {
  const std::string_view open = std::string_view(text_).substr(released_);
  size_t held = 0;
  for (const std::string& stop : stops_) {
    for (size_t n = std::min(stop.size() - 1, open.size()); n > held; --n) {
      if (open.ends_with(std::string_view(stop).substr(0, n))) held = n;
    }
  }
  return held;
}

std::string_view TextStream::Release(size_t end) {
  const size_t begin = std::exchange(released_, end);
  return std::string_view(text_).substr(begin, end - begin);
}

}  // namespace cllm
