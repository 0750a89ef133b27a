#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/hash.h"
#include "base/status.h"
#include "corpus/corpus_part.h"
#include "data/scored_spans.h"
#include "data/token_view.h"

// The prepared corpus on disk: a head of 16 bytes, the tokens of the training part and of the validation part (then
// zeros up to a multiple of 8), for each document the index of its begin token, in format 2 the spans of tokens that
// are learned, and a description of 256 bytes at the end, so that it can be written as a stream. Everything is
// little-endian. A text all of which is learned has format 1; one with dialogues has format 2: for each span of a
// part's scored tokens, training first, two u64, the index of its first token in its part and that behind its last one,
// in order and apart.
//
//   head         0  char[8]  "CLLMTOK\n"       8  u32  format, 1 or 2    12  u32  bytes of a token, 2 or 4
//   description  0  char[8]  "CLLMEND\n"       8  u64  vocabulary
//               16  u32  begin id             20  u32  end id
//               24  u64[2]  tokenizer hash (high, low)    40  u64[2]  corpus hash
//               56  training:   u64 tokens, bytes, documents, invalid bytes         88  validation: the same
//              120  u64  offset of the documents     128  u64  bytes of the file
//              136  u64[2]  XXH3-128 of all before the description
//              152  format 2: u64 offset of the spans; training: u64 spans, scored tokens, their bytes of text;
//                   validation: the same; then, or in format 1 at once, zeros
//              240  u64[2]  XXH3-128 of bytes [0, 240) of the description
namespace cllm {

struct PartStatistics {
  uint64_t tokens = 0;  // begin and end tokens included
  uint64_t bytes = 0;   // of text
  uint64_t documents = 0;
  uint64_t invalid_bytes = 0;
  uint64_t spans = 0, scored_tokens = 0, scored_bytes = 0;  // where there are spans

  bool operator==(const PartStatistics&) const = default;
};

// What a token file says about itself.
struct TokenFileInfo {
  uint64_t vocabulary = 0;      // tokens take 2 bytes up to 65,536, else 4
  uint32_t begin = 1, end = 2;  // ids of the tokens around each document
  Hash128 tokenizer_hash;
  Hash128 corpus_hash;
  std::array<PartStatistics, kCorpusParts> parts;
  bool has_spans = false;  // only some tokens are learned

  bool operator==(const TokenFileInfo&) const = default;
};

// A token file, memory-mapped read-only. Every field is checked against the real size before use. Immutable,
// thread-safe.
class TokenFile {
 public:
  // Errors (kBadInput): not a token file, a newer format, cut short, a checksum or a size that does not agree. Files
  // under 1 GiB are verified in whole.
  static Result<TokenFile> Open(const std::string& path);
  TokenFile(TokenFile&&) noexcept;
  TokenFile& operator=(TokenFile&&) noexcept;
  ~TokenFile();

  // Checksum of all data, every token inside the vocabulary, documents in order and starting with begin, spans in
  // order.
  Status Verify() const;

  const TokenFileInfo& info() const;
  TokenView tokens(CorpusPart part) const;
  ScoredSpans scored(CorpusPart part) const;
  const PartStatistics& part(CorpusPart part) const;
  // Index of the begin token of document `index` within its part. REQUIRES: index < part(...).documents.
  uint64_t DocumentStart(CorpusPart part, uint64_t index) const;
  const std::string& path() const;

 private:
  struct Mapped;
  explicit TokenFile(std::unique_ptr<Mapped> mapped);
  std::unique_ptr<Mapped> mapped_;
};

}  // namespace cllm
