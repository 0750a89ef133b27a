#include "data/token_format.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace cllm {
namespace {

// Moves numbers into a run of bytes, or out of it, in order.
class FieldWriter {
 public:
  explicit FieldWriter(std::span<std::byte> bytes) : bytes_(bytes) {}
  template <typename T>
  void operator()(const T& value) {
    std::memcpy(bytes_.data(), &value, sizeof(T));
    bytes_ = bytes_.subspan(sizeof(T));
  }
  void Magic(std::string_view magic) {
    std::memcpy(bytes_.data(), magic.data(), magic.size());
    bytes_ = bytes_.subspan(magic.size());
  }

 private:
  std::span<std::byte> bytes_;
};

class FieldReader {
 public:
  explicit FieldReader(ByteView bytes) : bytes_(bytes) {}
  template <typename T>
  void operator()(T& value) {
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_ = bytes_.subspan(sizeof(T));
  }
  bool Magic(std::string_view magic) {
    const bool same = AsText(bytes_.first(magic.size())) == magic;
    bytes_ = bytes_.subspan(magic.size());
    return same;
  }

 private:
  ByteView bytes_;
};

// The fields of the description after its magic, in order: one list for both directions.
template <typename Fields, typename Description>
void ForEachField(Fields& field, Description& description) {
  auto& info = description.info;
  field(info.vocabulary);
  field(info.begin);
  field(info.end);
  for (auto* hash : {&info.tokenizer_hash, &info.corpus_hash}) {
    field(hash->high);
    field(hash->low);
  }
  for (auto& part : info.parts) {
    field(part.tokens);
    field(part.bytes);
    field(part.documents);
    field(part.invalid_bytes);
  }
  field(description.documents_offset);
  field(description.file_bytes);
  field(description.content_hash.high);
  field(description.content_hash.low);
  // Zeros in a file of format 1.
  field(description.spans_offset);
  for (auto& part : info.parts) {
    field(part.spans);
    field(part.scored_tokens);
    field(part.scored_bytes);
  }
}

}  // namespace

HeadBytes EncodeHead(const TokenFileInfo& info) {
  HeadBytes bytes{};
  FieldWriter field(bytes);
  field.Magic(kHeadMagic);
  field(info.has_spans ? kFormatWithSpans : kFormatWithSpans - 1);
  field(TokenBytes(info.vocabulary));
  return bytes;
}

DescriptionBytes EncodeDescription(const TokenDescription& description) {
  DescriptionBytes bytes{};
  FieldWriter field(bytes);
  field.Magic(kDescriptionMagic);
  ForEachField(field, description);
  const Hash128 hash = HashBytes(ByteView(bytes).first(kDescriptionHashAt));
  const std::span<std::byte> all(bytes);
  FieldWriter end(all.subspan(kDescriptionHashAt));
  end(hash.high);
  end(hash.low);
  return bytes;
}

std::string DecodeHead(ByteView bytes, TokenHead& head) {
  CHECK(bytes.size() == kHeadBytes);
  FieldReader field(bytes);
  if (!field.Magic(kHeadMagic)) return "expected a prepared corpus, found another kind of file";
  field(head.format);
  field(head.token_bytes);
  return "";
}

std::string DecodeDescription(ByteView bytes, TokenDescription& description) {
  CHECK(bytes.size() == kDescriptionBytes);
  FieldReader field(bytes);
  if (!field.Magic(kDescriptionMagic)) return "expected the description at its end, found other bytes: it is cut short";
  ForEachField(field, description);
  Hash128 stored;
  FieldReader end(bytes.subspan(kDescriptionHashAt));
  end(stored.high);
  end(stored.low);
  if (stored != HashBytes(bytes.first(kDescriptionHashAt))) return "the checksum of its description does not agree";
  return "";
}

}  // namespace cllm
