#include "corpus/split_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/units.h"
#include "corpus/statistics_counter.h"

namespace cllm {
namespace {

constexpr uint64_t kNoCut = std::numeric_limits<uint64_t>::max();

}  // namespace

Result<SplitText> SplitText::Start(const TextOptions& options) {
  CLLM_ASSIGN(CacheDirectory cache, CacheDirectory::Open(options.cache_directory));
  SplitText text(std::move(cache));
  if (!text.cache_.note().empty()) text.notes_.push_back(text.cache_.note());
  CLLM_TRY(text.Scan(options.corpus, options.progress));
  return text;
}

Result<SplitText> SplitText::Open(const TextOptions& options) {
  CLLM_ASSIGN(SplitText text, Start(options));
  if (!options.validation_paths.empty()) {
    text.cuts_.front() = kNoCut;
    CorpusOptions validation = options.corpus;
    validation.paths = options.validation_paths;
    CLLM_TRY(text.Scan(validation, options.progress));
    text.cuts_.back() = 0;
  }
  text.Conclude();
  return text;
}

Result<SplitText> SplitText::OpenForEvaluation(const TextOptions& options) {
  CHECK(options.validation_paths.empty());
  CLLM_ASSIGN(SplitText text, Start(options));
  text.cuts_.front() = 0;
  text.Conclude();
  return text;
}

Status SplitText::Scan(const CorpusOptions& options, const ShareDone& progress) {
  CLLM_ASSIGN(Corpus corpus, Corpus::Open(options, cache_.path()));
  while (true) {
    DocumentPlaces places;
    uint64_t position = 0;
    bool in_document = false;
    CLLM_ASSIGN(const CorpusScan scan, corpus.Scan([&](const TextBlock& block) {
      if (!in_document) places.Add(position);
      in_document = !block.ends_document;
      position += block.text.size();
      return Status();
    }, progress));
    if (!scan.complete) continue;
    const CorpusStatistics& found = scan.statistics;
    if (found.bytes == 0)
      return BadInput(fmt::format("{} holds no text; expected at least one document", corpus.Name()));
    scanned_.push_back(found);
    cuts_.push_back(places.ValidationStart(found.bytes));
    break;
  }
  corpora_.push_back(std::move(corpus));
  return {};
}

void SplitText::Conclude() {
  Hasher hasher;
  for (size_t i = 0; i < corpora_.size(); ++i) {
    const CorpusStatistics& found = scanned_[i];
    statistics_.bytes += found.bytes;
    statistics_.documents += found.documents;
    statistics_.invalid_bytes += found.invalid_bytes;
    statistics_.nul_bytes += found.nul_bytes;
    statistics_.dialogues += found.dialogues;
    statistics_.answers += found.answers;
    const uint64_t identity[] = {found.hash.high, found.hash.low, cuts_[i]};
    hasher.Update(std::as_bytes(std::span(identity)));
    for (std::string& note : corpora_[i].Notes()) notes_.push_back(std::move(note));
  }
  if (corpora_.size() == 2) {
    if (std::string note = corpora_[1].SameTextAs(corpora_[0]); !note.empty()) notes_.push_back(std::move(note));
  }
  statistics_.hash = hasher.Digest();
  NoteDialogues();
}

void SplitText::NoteDialogues() {
  const uint64_t others = statistics_.documents - statistics_.dialogues;
  if (statistics_.dialogues == 0) return;
  notes_.push_back(fmt::format(
      "{} dialogue{} with {} answer{}: what the assistant says is learned, the rest is context{}",
      FormatCount(statistics_.dialogues), statistics_.dialogues == 1 ? "" : "s", FormatCount(statistics_.answers),
      statistics_.answers == 1 ? "" : "s", others == 0 ? "" : "; of other documents all"));
}

Status SplitText::ReadParts(const PartVisitor& visitor) const {
  for (size_t i = 0; i < corpora_.size(); ++i) {
    StatisticsCounter counter;
    PartSplitter splitter(cuts_[i], visitor);
    CLLM_TRY(corpora_[i].Read([&](const TextBlock& block) {
      counter.Add(block);
      return splitter.Add(block);
    }));
    const CorpusStatistics found = counter.Statistics();
    if (found == scanned_[i]) continue;
    return BadInput(
        fmt::format("{} changed while it was read: expected {} bytes with hash {}, found {} with {}; start again "
                    "when it is complete",
                    corpora_[i].Name(), scanned_[i].bytes, scanned_[i].hash.Hex(), found.bytes, found.hash.Hex()));
  }
  return {};
}

Status SplitText::Read(CorpusPart part, const TextVisitor& visitor) const {
  return ReadParts([&](CorpusPart of, const TextBlock& block) { return of == part ? visitor(block) : Status(); });
}

TextSource SplitText::Source(CorpusPart part) const {
  return [this, part](const TextVisitor& visitor) { return Read(part, visitor); };
}

}  // namespace cllm
