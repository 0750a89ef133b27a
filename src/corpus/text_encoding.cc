#include "corpus/text_encoding.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

namespace cllm {
namespace {

constexpr size_t kBlock = size_t{1} << 16;
constexpr size_t kMarkBytes = 4;  // of the longest mark
constexpr uint32_t kReplacement = 0xFFFD, kNone = 0xFFFFFFFF;

struct Mark {
  std::string_view bytes;
  std::string_view encoding;
  size_t unit;      // bytes
  bool big_endian;  // its first byte is the highest
};
// UTF-32 first: its little-endian mark begins with that of UTF-16.
constexpr std::array<Mark, 5> kMarks = {{{{"\xFF\xFE\0\0", 4}, "UTF-32", 4, false},
                                         {{"\0\0\xFE\xFF", 4}, "UTF-32", 4, true},
                                         {{"\xFF\xFE", 2}, "UTF-16", 2, false},
                                         {{"\xFE\xFF", 2}, "UTF-16", 2, true},
                                         {{"\xEF\xBB\xBF", 3}, "", 1, false}}};

void AppendUtf8(uint32_t c, std::string& text) {
  const auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) return put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
  if (c < 0x10000) return put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F)), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
}

class TextInMemory : public ByteSource {
 public:
  explicit TextInMemory(std::string_view text) : text_(text) {}
  Result<size_t> Read(std::span<char> out) override {
    const size_t count = std::min(out.size(), text_.size());
    std::memcpy(out.data(), text_.data(), count);
    text_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view text_;
};

class MarkedText : public ByteSource {
 public:
  MarkedText(std::unique_ptr<ByteSource> input, Decoding& decoding) : input_(std::move(input)), decoding_(decoding) {}

  Result<size_t> Read(std::span<char> out) override {
    if (!begun_) CLLM_TRY(Begin());
    if (unit_ == 1 && pending_.empty()) return input_->Read(out);
    while (unit_ != 1 && pending_.empty() && !ended_) CLLM_TRY(Convert());
    const size_t count = std::min(out.size(), pending_.size());
    std::memcpy(out.data(), pending_.data(), count);
    pending_.erase(0, count);
    return count;
  }

 private:
  // Reads as much as a mark has and takes it away.
  Status Begin() {
    begun_ = true;
    std::array<char, kMarkBytes> start;
    size_t have = 0;
    while (have < start.size()) {
      CLLM_ASSIGN(const size_t count, input_->Read(std::span(start).subspan(have)));
      if (count == 0) break;
      have += count;
    }
    std::string_view text(start.data(), have);
    for (const Mark& mark : kMarks) {
      if (!text.starts_with(mark.bytes)) continue;
      decoding_.encoding = mark.encoding;
      unit_ = mark.unit;
      big_endian_ = mark.big_endian;
      text.remove_prefix(mark.bytes.size());
      break;
    }
    (unit_ == 1 ? pending_ : raw_) = text;
    return {};
  }

  // Turns the next block into UTF-8; at the end what is left of it.
  Status Convert() {
    const size_t have = raw_.size();
    raw_.resize(have + kBlock);
    CLLM_ASSIGN(const size_t count, input_->Read(std::span(raw_).subspan(have)));
    raw_.resize(have + count);
    size_t at = 0;
    for (; at + unit_ <= raw_.size(); at += unit_) AddUnit(Unit(at));
    raw_.erase(0, at);
    if (count != 0) return {};
    ended_ = true;
    if (high_ != kNone) Replace();
    if (!raw_.empty()) Replace();
    return {};
  }

  uint32_t Unit(size_t at) const {
    uint32_t unit = 0;
    for (size_t i = 0; i < unit_; ++i) {
      const size_t from = at + (big_endian_ ? i : unit_ - 1 - i);
      unit = unit << 8 | static_cast<uint8_t>(raw_[from]);
    }
    return unit;
  }

  void AddUnit(uint32_t unit) {
    const bool low = unit >= 0xDC00 && unit < 0xE000, high = unit >= 0xD800 && unit < 0xDC00;
    if (const uint32_t before = std::exchange(high_, kNone); before != kNone) {
      if (low) return AppendUtf8(0x10000 + ((before - 0xD800) << 10) + (unit - 0xDC00), pending_);
      Replace();
    }
    if (high && unit_ == 2) {
      high_ = unit;
    } else if (low || high || unit > 0x10FFFF) {
      Replace();
    } else {
      AppendUtf8(unit, pending_);
    }
  }

  void Replace() {
    ++decoding_.replaced;
    AppendUtf8(kReplacement, pending_);
  }

  std::unique_ptr<ByteSource> input_;
  Decoding& decoding_;
  bool begun_ = false, ended_ = false, big_endian_ = false;
  size_t unit_ = 1;
  std::string raw_;        // not yet converted
  std::string pending_;    // converted, not yet read
  uint32_t high_ = kNone;  // the first half of a pair, waiting for the second
};

}  // namespace

std::unique_ptr<ByteSource> DecodeMarkedText(std::unique_ptr<ByteSource> input, Decoding& decoding) {
  return std::make_unique<MarkedText>(std::move(input), decoding);
}

std::string DecodeMarkedText(std::string_view text) {
  Decoding decoding;
  MarkedText source(std::make_unique<TextInMemory>(text), decoding);
  std::string decoded, block(kBlock, '\0');
  while (true) {
    const Result<size_t> count = source.Read(block);
    if (!count.ok() || *count == 0) return decoded;  // memory has no errors
    decoded.append(block, 0, *count);
  }
}

bool HasWideMark(std::string_view start) {
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](const Mark& mark) { return mark.unit != 1 && start.starts_with(mark.bytes); });
}

}  // namespace cllm
