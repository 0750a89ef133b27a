#include "data/tokenize_text.h"

#include <algorithm>
#include <atomic>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "corpus/utf8_counter.h"

namespace cllm {
namespace {

constexpr size_t kBatchBytes = size_t{1} << 22;  // of text, tokenized between two turns of reading and writing
constexpr size_t kBatchPieces = size_t{1} << 16;
constexpr size_t kGroupBytes = size_t{1} << 16;  // at least, of the work one thread takes at a time

// A block of the text in a batch, and where its tokens end among those of its group.
struct Piece {
  size_t begin, end;
  CorpusPart part;
  bool ends_document, ends_turn;
  TokenFileWriter::Use use;
  size_t tokens_end = 0;
};

// Consecutive pieces that one thread tokenizes.
struct Group {
  size_t first_piece, last_piece;  // [first, last)
  std::vector<uint32_t> tokens;
};

class BatchTokenizer {
 public:
  BatchTokenizer(const Tokenizer& tokenizer, const PrepareOptions& options, uint64_t bytes, TokenFileWriter& writer)
      : tokenizer_(tokenizer), options_(options), bytes_(bytes), writer_(writer) {}

  Status Add(CorpusPart part, const TextBlock& block) {
    const size_t begin = text_.size();
    text_.append(block.text);
    pieces_.push_back({.begin = begin,
                       .end = text_.size(),
                       .part = part,
                       .ends_document = block.ends_document,
                       .ends_turn = block.ends_turn,
                       .use = block.scored ? TokenFileWriter::Use::kScored : TokenFileWriter::Use::kContext});
    return text_.size() < kBatchBytes && pieces_.size() < kBatchPieces ? Status() : Flush();
  }

  Status Flush() {
    MakeGroups();
    TokenizeGroups();
    for (const Group& group : groups_) CLLM_TRY(Write(group));
    done_ += text_.size();
    text_.clear();
    pieces_.clear();
    if (options_.progress && bytes_ != 0) options_.progress(static_cast<double>(done_) / static_cast<double>(bytes_));
    return {};
  }

 private:
  void MakeGroups() {
    groups_.clear();
    size_t first = 0;
    for (size_t i = 0; i < pieces_.size(); ++i) {
      if (pieces_[i].end - pieces_[first].begin < kGroupBytes && i + 1 < pieces_.size()) continue;
      groups_.push_back({.first_piece = first, .last_piece = i + 1, .tokens = {}});
      first = i + 1;
    }
  }

  void TokenizeGroups() {
    std::atomic<size_t> next = 0;  // relaxed: the joins below order the results
    const auto work = [&] {
      for (size_t i = next.fetch_add(1, std::memory_order_relaxed); i < groups_.size();
           i = next.fetch_add(1, std::memory_order_relaxed)) {
        Tokenize(groups_[i]);
      }
    };
    std::vector<std::jthread> others;
    for (size_t i = 1; i < std::min(options_.threads, groups_.size()); ++i) others.emplace_back(work);
    work();
  }

  void Tokenize(Group& group) {
    for (size_t i = group.first_piece; i < group.last_piece; ++i) {
      Piece& piece = pieces_[i];
      tokenizer_.Encode(std::string_view(text_).substr(piece.begin, piece.end - piece.begin), group.tokens);
      piece.tokens_end = group.tokens.size();
    }
  }

  Status Write(const Group& group) {
    size_t tokens_begin = 0;
    for (size_t i = group.first_piece; i < group.last_piece; ++i) {
      const Piece& piece = pieces_[i];
      if (!in_document_) CLLM_TRY(writer_.BeginDocument(piece.part));
      in_document_ = !piece.ends_document;
      utf8_.Add(std::string_view(text_).substr(piece.begin, piece.end - piece.begin));
      const std::span<const uint32_t> tokens(group.tokens);
      CLLM_TRY(writer_.Append(tokens.subspan(tokens_begin, piece.tokens_end - tokens_begin), piece.end - piece.begin,
                              piece.use));
      tokens_begin = piece.tokens_end;
      const uint32_t end = tokenizer_.end();
      if (piece.ends_turn && !piece.ends_document) CLLM_TRY(writer_.Append({&end, 1}, 0));
      if (piece.ends_document) CLLM_TRY(EndDocument(piece.use));
    }
    return {};
  }

  Status EndDocument(TokenFileWriter::Use use) {
    utf8_.EndDocument();
    const uint64_t invalid = utf8_.invalid_bytes() - invalid_before_;
    invalid_before_ = utf8_.invalid_bytes();
    return writer_.EndDocument(invalid, use);
  }

  const Tokenizer& tokenizer_;
  const PrepareOptions& options_;
  const uint64_t bytes_;
  TokenFileWriter& writer_;
  std::string text_;
  std::vector<Piece> pieces_;
  std::vector<Group> groups_;
  Utf8Counter utf8_;
  uint64_t invalid_before_ = 0;
  uint64_t done_ = 0;
  bool in_document_ = false;
};

}  // namespace

Status TokenizeText(const SplitText& text, const Tokenizer& tokenizer, const PrepareOptions& options,
                    TokenFileWriter& writer) {
  CHECK(options.threads >= 1);
  BatchTokenizer batch(tokenizer, options, text.statistics().bytes, writer);
  CLLM_TRY(text.ReadParts([&](CorpusPart part, const TextBlock& block) { return batch.Add(part, block); }));
  return batch.Flush();
}

}  // namespace cllm
