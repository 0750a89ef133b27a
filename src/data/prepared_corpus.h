#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/corpus.h"
#include "data/token_file.h"
#include "text/tokenizer.h"

// From text to tokens: the validation part is set aside, the rest is for training; both are tokenized once and cached.
namespace cllm {

// $CLLM_CACHE, else $XDG_CACHE_HOME/cllm, else ~/.cache/cllm, else "" (none of them set).
std::string DefaultCacheDirectory();

struct TextOptions {
  CorpusOptions corpus;
  std::vector<std::string> validation_paths;  // --val: then the whole corpus is for training
  std::string cache_directory;                // unwritable or "": a temporary directory is used, with a note
};

// Text split into its training and validation parts, read once for its statistics. Thread-compatible.
//
// The split, without validation_paths: with n bytes of text in all documents, validation begins at byte floor(9 n / 10),
// moved to the nearest start of a document if one lies within n / 20 of it (the lower of two; boundaries closer together
// than n / 4096 may be thinned out). Else the document there is cut in two, at that byte moved forward to the start of a
// UTF-8 character.
class SplitText {
 public:
  // Errors: as Corpus::Open and Corpus::Read; kBadInput: a corpus without a byte of text.
  static Result<SplitText> Open(const TextOptions& options);
  // Everything is the validation part: for `eval`. REQUIRES: options.validation_paths is empty.
  static Result<SplitText> OpenForEvaluation(const TextOptions& options);

  // Streams one part's documents, as Corpus::Read.
  Status Read(CorpusPart part, const TextVisitor& visitor) const;
  // The same as a source, valid while this lives. The tokenizer is trained on the training part only.
  TextSource Source(CorpusPart part) const;

  std::string Name() const { return corpora_.front().Name(); }
  const CorpusStatistics& statistics() const { return statistics_; }  // both parts; with --val of both corpora
  // Over contents, document boundaries and where validation begins.
  const Hash128& hash() const { return statistics_.hash; }
  const std::string& cache_directory() const { return cache_directory_; }  // as resolved
  const std::vector<std::string>& notes() const { return notes_; }        // what the user should be told

 private:
  SplitText() = default;
  std::vector<Corpus> corpora_;  // one, cut at cut_; or two, training and validation
  CorpusStatistics statistics_;
  uint64_t cut_ = 0;  // byte of the first corpus where validation begins
  std::string cache_directory_;
  std::vector<std::string> notes_;
};

// The tokens of both parts, memory-mapped. Immutable, thread-safe.
class PreparedCorpus {
 public:
  explicit PreparedCorpus(TokenFile file, std::vector<std::string> notes, std::string name)
      : file_(std::move(file)), notes_(std::move(notes)), name_(std::move(name)) {}

  TokenView training() const { return file_.tokens(CorpusPart::kTraining); }
  TokenView validation() const { return file_.tokens(CorpusPart::kValidation); }
  const PartStatistics& part(CorpusPart part) const { return file_.part(part); }
  const Hash128& corpus_hash() const { return file_.info().corpus_hash; }
  const Hash128& tokenizer_hash() const { return file_.info().tokenizer_hash; }
  const TokenFile& file() const { return file_; }
  const std::vector<std::string>& notes() const { return notes_; }
  const std::string& name() const { return name_; }  // of the text, for messages

 private:
  TokenFile file_;
  std::vector<std::string> notes_;
  std::string name_;
};

struct PrepareOptions {
  size_t threads = 0;                           // that tokenize; 0: one per core. The result does not depend on it.
  std::function<void(double done)> progress;    // may be empty; [0, 1], on the calling thread
};

// Tokenizes `text`, or opens the cached result (named by the hashes of text and tokenizer). A damaged cache file is
// rebuilt, with a note. Errors: reading (as Corpus::Read; kBadInput if the text changed since SplitText::Open), kFailed
// for a full disk.
Result<PreparedCorpus> Prepare(const SplitText& text, const Tokenizer& tokenizer, const PrepareOptions& options);

// kBadInput, with the tokens found and the tokens needed, unless the training part holds a whole context with its
// targets (context + 1 tokens) and the validation part a token to predict.
Status CheckLongEnough(const PreparedCorpus& corpus, size_t context);

}  // namespace cllm
