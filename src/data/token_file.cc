#include "data/token_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "data/token_format.h"
#include "store/json.h"

namespace cllm {
namespace {

constexpr uint64_t kVerifiedAtOpen = uint64_t{1} << 30;
constexpr size_t kVerifyBlock = size_t{1} << 16;  // tokens

Status Damaged(const std::string& path, std::string_view what) {
  return BadInput(fmt::format("{}: {}; remove the file and prepare the corpus again", path, what));
}

// Whether the sizes in the description make up exactly this file. Sums cannot wrap: each term is bounded first.
std::string CheckSizes(const TokenDescription& description, uint32_t token_bytes, uint64_t file_bytes) {
  const TokenFileInfo& info = description.info;
  if (info.vocabulary == 0 || info.vocabulary > (uint64_t{1} << 32)) return "the vocabulary is out of range";
  if (token_bytes != TokenBytes(info.vocabulary)) return "the size of a token does not suit the vocabulary";
  if (std::max(info.begin, info.end) >= info.vocabulary) return "begin or end lies outside the vocabulary";
  uint64_t tokens = 0, documents = 0, spans = 0;
  for (const PartStatistics& part : info.parts) {
    if (part.tokens > file_bytes || part.documents > file_bytes) return "it counts more tokens than it can hold";
    if (part.documents > part.tokens / 2 || (part.documents == 0) != (part.tokens == 0)) {
      return "its numbers of tokens and documents do not agree";
    }
    if (part.spans > part.tokens || part.scored_tokens > part.tokens || part.scored_bytes > part.bytes ||
        part.scored_tokens < part.spans ||
        (!info.has_spans && part.spans + part.scored_tokens + part.scored_bytes != 0)) {
      return "its numbers of scored tokens do not agree";
    }
    tokens += part.tokens;
    documents += part.documents;
    spans += part.spans;
  }
  const uint64_t tokens_end = kHeadBytes + tokens * token_bytes;
  const uint64_t documents_end = description.documents_offset + documents * 8;
  const bool fits = description.documents_offset == (tokens_end + 7) / 8 * 8 && description.file_bytes == file_bytes &&
                    description.spans_offset == (info.has_spans ? documents_end : 0) &&
                    documents_end + spans * ScoredSpans::kBytes + kDescriptionBytes == file_bytes;
  return fits ? "" : fmt::format("expected {} bytes, found {}", description.file_bytes, file_bytes);
}

}  // namespace

struct TokenFile::Mapped {
  explicit Mapped(MappedFile mapped_file) : file(std::move(mapped_file)) {}

  const std::byte* part_start(CorpusPart part) const {
    const uint64_t before = part == CorpusPart::kTraining ? 0 : description.info.parts[0].tokens;
    return file.bytes().data() + kHeadBytes + before * token_bytes;
  }
  // Index, in the whole file, of a document's begin token.
  uint64_t document(uint64_t index) const {
    uint64_t start;
    std::memcpy(&start, file.bytes().data() + description.documents_offset + index * 8, sizeof(start));
    return start;
  }

  MappedFile file;
  TokenDescription description;
  uint32_t token_bytes = 2;
};

TokenFile::TokenFile(std::unique_ptr<Mapped> mapped) : mapped_(std::move(mapped)) {}
TokenFile::TokenFile(TokenFile&&) noexcept = default;
TokenFile& TokenFile::operator=(TokenFile&&) noexcept = default;
TokenFile::~TokenFile() = default;

Result<TokenFile> TokenFile::Open(const std::string& path) {
  CLLM_ASSIGN(MappedFile mapped_file, MappedFile::Open(path));
  auto mapped = std::make_unique<Mapped>(std::move(mapped_file));
  const ByteView bytes = mapped->file.bytes();
  if (bytes.size() < kHeadBytes + kDescriptionBytes) {
    return Damaged(path,
                   fmt::format("expected at least {} bytes, found {}", kHeadBytes + kDescriptionBytes, bytes.size()));
  }
  TokenHead head;
  if (const std::string fault = DecodeHead(bytes.first(kHeadBytes), head); !fault.empty()) return Damaged(path, fault);
  CLLM_TRY(CheckFormatNumber(path, head.format, kTokenFormat));
  std::string fault = DecodeDescription(bytes.last(kDescriptionBytes), mapped->description);
  mapped->description.info.has_spans = head.format == kFormatWithSpans;
  if (fault.empty()) fault = CheckSizes(mapped->description, head.token_bytes, bytes.size());
  if (!fault.empty()) return Damaged(path, fault);
  mapped->token_bytes = head.token_bytes;
  TokenFile file(std::move(mapped));
  if (bytes.size() < kVerifiedAtOpen) CLLM_TRY(file.Verify());
  return file;
}

Status TokenFile::Verify() const {
  const ByteView bytes = mapped_->file.bytes();
  if (HashBytes(bytes.first(bytes.size() - kDescriptionBytes)) != mapped_->description.content_hash) {
    return Damaged(path(), "the checksum of its tokens does not agree");
  }
  std::vector<uint32_t> block(kVerifyBlock);
  for (const CorpusPart part : {CorpusPart::kTraining, CorpusPart::kValidation}) {
    const TokenView view = tokens(part);
    for (size_t start = 0; start < view.size(); start += kVerifyBlock) {
      const std::span<uint32_t> read = std::span(block).first(std::min(kVerifyBlock, view.size() - start));
      if (!view.Read(start, read).ok()) return Damaged(path(), "a token lies outside its vocabulary");
    }
    uint64_t expected = 0;  // lowest place for the next document
    for (uint64_t i = 0; i < this->part(part).documents; ++i) {
      const uint64_t start = DocumentStart(part, i);
      const bool in_order = i == 0 ? start == 0 : start >= expected;
      if (!in_order || start >= view.size() || view[start] != info().begin ||
          (start > 0 && view[start - 1] != info().end)) {
        return Damaged(path(), "its document boundaries do not agree with its tokens");
      }
      expected = start + 2;
    }
    if (view.size() > 0 && view[view.size() - 1] != info().end) return Damaged(path(), "its last document has no end");
    if (!scored(part).Fits(view.size(), this->part(part).scored_tokens)) {
      return Damaged(path(), "the spans of its scored tokens do not agree with their number");
    }
  }
  return {};
}

const TokenFileInfo& TokenFile::info() const { return mapped_->description.info; }

const PartStatistics& TokenFile::part(CorpusPart part) const { return info().parts[static_cast<size_t>(part)]; }

TokenView TokenFile::tokens(CorpusPart part) const {
  return {mapped_->part_start(part), mapped_->token_bytes, this->part(part).tokens, info().vocabulary};
}

ScoredSpans TokenFile::scored(CorpusPart part) const {
  if (!info().has_spans) return {};
  const uint64_t before = part == CorpusPart::kTraining ? 0 : info().parts[0].spans;
  const std::byte* first = mapped_->file.bytes().data() + mapped_->description.spans_offset;
  return ScoredSpans(first + before * ScoredSpans::kBytes, this->part(part).spans);
}

uint64_t TokenFile::DocumentStart(CorpusPart part, uint64_t index) const {
  CHECK(index < this->part(part).documents);
  const PartStatistics& training = info().parts[0];
  const bool second = part == CorpusPart::kValidation;
  const uint64_t start = mapped_->document(index + (second ? training.documents : 0));
  const uint64_t part_start = second ? training.tokens : 0;
  // A damaged number (of a file too large to have been verified) must not lead outside.
  return std::clamp(start, part_start, part_start + this->part(part).tokens) - part_start;
}

const std::string& TokenFile::path() const { return mapped_->file.path(); }

}  // namespace cllm
