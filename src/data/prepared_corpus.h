#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "corpus/split_text.h"
#include "data/token_file.h"
#include "store/file_claim.h"
#include "text/tokenizer.h"

// From text to tokens: both parts of a text are tokenized once and cached.
namespace cllm {

// A file of the cache that nobody removes while it is in use. Movable.
struct ClaimedTokens {
  TokenFile file;
  std::optional<FileClaim> claim;  // none where the system knows no locks
};

// The tokens of both parts, memory-mapped. Immutable, thread-safe.
class PreparedCorpus {
 public:
  PreparedCorpus(ClaimedTokens tokens, std::vector<std::string> notes, std::string name)
      : tokens_(std::move(tokens)), notes_(std::move(notes)), name_(std::move(name)) {}

  TokenView training() const { return tokens_.file.tokens(CorpusPart::kTraining); }
  TokenView validation() const { return tokens_.file.tokens(CorpusPart::kValidation); }
  // Which of a part's tokens are learned: all, but for dialogues.
  ScoredSpans scored(CorpusPart part) const { return tokens_.file.scored(part); }
  const PartStatistics& part(CorpusPart part) const { return tokens_.file.part(part); }
  const Hash128& corpus_hash() const { return tokens_.file.info().corpus_hash; }
  const Hash128& tokenizer_hash() const { return tokens_.file.info().tokenizer_hash; }
  const TokenFile& file() const { return tokens_.file; }
  // All that the user should be told of the text and of its preparation, a sentence each: the text's own notes first.
  const std::vector<std::string>& notes() const { return notes_; }
  const std::string& name() const { return name_; }  // of the text, for messages

 private:
  ClaimedTokens tokens_;
  std::vector<std::string> notes_;
  std::string name_;
};

struct PrepareOptions {
  size_t threads = 1;                              // that tokenize; the result does not depend on it
  std::function<void(double done)> progress = {};  // may be empty; [0, 1], on the calling thread
};

// Tokenizes `text`, or opens the cached result (named by the hashes of text and tokenizer). A damaged cache file is
// rebuilt, with a note; where the cache grows beyond its limit (token_cache.h), what was not used for longest goes,
// with a note. The result does not need `text` any more. Errors: as SplitText::Read; kFailed: the disk is full; kUsage:
// as CacheLimit. REQUIRES: options.threads >= 1.
Result<PreparedCorpus> Prepare(const SplitText& text, const Tokenizer& tokenizer, const PrepareOptions& options);

// The tokens of a text that is known by its hash alone (PreparedCorpus::corpus_hash, in hexadecimal), from the cache.
// Error (BadInput): they are not there, or damaged. name: of the text, for messages.
Result<PreparedCorpus> FindPrepared(const std::string& cache_directory, std::string_view corpus_hash,
                                    const Tokenizer& tokenizer, const std::string& name);

// kBadInput, with the tokens found and the tokens needed, unless the training part holds a whole context with its
// targets (context + 1 tokens) and the validation part a token to predict; of dialogues each has to have an answer.
Status CheckLongEnough(const PreparedCorpus& corpus, size_t context);

}  // namespace cllm
