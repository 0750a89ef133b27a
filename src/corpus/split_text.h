#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "corpus/cache_directory.h"
#include "corpus/corpus.h"
#include "corpus/corpus_part.h"
#include "corpus/part_splitter.h"
#include "text/text_source.h"

namespace cllm {

struct TextOptions {
  CorpusOptions corpus = {};
  std::vector<std::string> validation_paths = {};  // where there are any, the whole corpus is for training
  std::string cache_directory = "";                // DefaultCacheDirectory(); also takes the copy of standard input
  ShareDone progress = {};                         // of reading while it is opened; may be empty
};

// Text split into its training and validation parts, read once for its statistics. Thread-compatible, movable.
//
// The split, without validation_paths: with n bytes of text in all documents, validation begins at byte floor(9 n /
// 10), moved to the nearest start of a document if one lies within n / 20 of it (the lower of two; starts closer
// together than n / 4096 may be passed over). Else the document there is cut in two, at that byte moved forward to the
// start of a UTF-8 character.
class SplitText {
 public:
  // Errors: as Corpus::Open and Corpus::Read; kBadInput: a corpus without a byte of text.
  static Result<SplitText> Open(const TextOptions& options);
  // Everything is the validation part: for `eval`. REQUIRES: options.validation_paths is empty.
  static Result<SplitText> OpenForEvaluation(const TextOptions& options);

  // Streams one part's documents, or all of both parts, as Corpus::Read. kBadInput: the text changed since it was
  // opened (told at its end). The views are valid during the call.
  Status Read(CorpusPart part, const TextVisitor& visitor) const;
  Status ReadParts(const PartVisitor& visitor) const;
  // One part as a source, valid while this lives and stays where it is. The tokenizer is trained on the training part.
  TextSource Source(CorpusPart part) const;

  std::string Name() const { return corpora_.front().Name(); }
  const CorpusStatistics& statistics() const { return statistics_; }  // of all text; hash covers where it is split, too
  const std::string& cache_directory() const { return cache_.path(); }  // in use
  // What the user should be told, a sentence each; PreparedCorpus::notes() holds them, too.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  explicit SplitText(CacheDirectory cache) : cache_(std::move(cache)) {}
  static Result<SplitText> Start(const TextOptions& options);
  Status Scan(const CorpusOptions& options, const ShareDone& progress);
  void Conclude();
  void NoteDialogues();

  CacheDirectory cache_;
  std::vector<Corpus> corpora_;            // one, or training and validation
  std::vector<CorpusStatistics> scanned_;  // of each
  std::vector<uint64_t> cuts_;             // where validation begins in each; UINT64_MAX: nowhere
  CorpusStatistics statistics_;
  std::vector<std::string> notes_;
};

}  // namespace cllm
