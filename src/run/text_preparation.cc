#include "run/text_preparation.h"

#include <algorithm>
#include <utility>

#include "corpus/cache_directory.h"
#include "monitor/phase.h"
#include "run/planner.h"
#include "text/tokenizer_file.h"
#include "text/tokenizer_trainer.h"

namespace cllm {
namespace {

constexpr const char* kReading = "reading";
constexpr const char* kCounting = "counting words";
constexpr const char* kLearning = "learning the vocabulary";
constexpr const char* kTokenizing = "tokenizing";

Result<SplitText> OpenWhole(const CorpusOptions& text, RunObserver& observer) {
  Phase phase(observer, kReading);
  TextOptions options;
  options.corpus = text;
  options.cache_directory = DefaultCacheDirectory();
  options.progress = [&](double share) { phase.Done(share); };
  CLLM_ASSIGN(SplitText opened, SplitText::OpenForEvaluation(options));
  TellNotes(opened, observer);
  return opened;
}

// A part of the text that tells how much of it was read, of all bytes.
TextSource WithProgress(TextSource source, uint64_t bytes, ShareDone progress) {
  return [source = std::move(source), bytes, progress = std::move(progress)](const TextVisitor& visitor) {
    uint64_t read = 0;
    return source([&](const TextBlock& block) {
      read += block.text.size();
      progress(static_cast<double>(read) / static_cast<double>(std::max<uint64_t>(1, bytes)));
      return visitor(block);
    });
  };
}

// Learns from the training part of a text, which is told.
template <typename Learner>
Result<Tokenizer> Learn(const SplitText& text, RunObserver& observer, const Learner& learner) {
  Phase phase(observer, kCounting);
  const TextSource source = WithProgress(text.Source(CorpusPart::kTraining), text.statistics().bytes,
                                         [&](double share) { phase.Done(share); });
  return learner(source, [&](double share) { observer.OnPhase({kLearning, share}); });
}

}  // namespace

TextOptions TextOf(const RunChoices& choices) {
  TextOptions options;
  options.corpus = {.paths = choices.text,
                    .filter = {.include = choices.include, .exclude = choices.exclude},
                    .field = choices.field,
                    .separator = choices.separator,
                    .chat = choices.chat};
  options.validation_paths = choices.validation;
  options.cache_directory = DefaultCacheDirectory();
  return options;
}

void TellNotes(const SplitText& text, RunObserver& observer) {
  for (const std::string& note : text.notes()) observer.OnNote({note});
}

Result<SplitText> OpenText(TextOptions options, RunObserver& observer) {
  Phase phase(observer, kReading);
  options.progress = [&](double share) { phase.Done(share); };
  CLLM_ASSIGN(SplitText text, SplitText::Open(options));
  TellNotes(text, observer);
  return text;
}

Result<Tokenizer> MakeTokenizer(const std::string& name, const SplitText& text, size_t threads, RunObserver& observer) {
  if (!IsTokenizerSpec(name)) return LoadTokenizer(name);
  CLLM_ASSIGN(const TokenizerSpec spec, ParseTokenizerSpec(name));
  return Learn(text, observer, [&](const TextSource& source, const ShareDone& learning) {
    return TrainTokenizer(spec, source, threads, learning);
  });
}

Result<Tokenizer> MakePlannedTokenizer(const std::string& name, const SplitText& text, size_t threads,
                                       RunObserver& observer) {
  return Learn(text, observer, [&](const TextSource& source, const ShareDone& learning) {
    return LearnPlanned(name, source, threads, learning);
  });
}

Result<PreparedCorpus> PrepareText(const SplitText& text, const Tokenizer& tokenizer, size_t threads,
                                   RunObserver& observer) {
  Phase phase(observer, kTokenizing);
  CLLM_ASSIGN(PreparedCorpus corpus, Prepare(text, tokenizer, {.threads = threads, .progress = [&](double share) {
                                                                 phase.Done(share);
                                                               }}));
  for (size_t i = text.notes().size(); i < corpus.notes().size(); ++i) observer.OnNote({corpus.notes()[i]});
  return corpus;
}

Result<PreparedCorpus> PrepareForEvaluation(const CorpusOptions& text, const Tokenizer& tokenizer, size_t threads,
                                            RunObserver& observer) {
  CLLM_ASSIGN(const SplitText opened, OpenWhole(text, observer));
  return PrepareText(opened, tokenizer, threads, observer);
}

Status ReadDocuments(const CorpusOptions& text, RunObserver& observer, const TextVisitor& visitor) {
  CLLM_ASSIGN(const SplitText opened, OpenWhole(text, observer));
  Phase phase(observer, kTokenizing);
  return WithProgress(opened.Source(CorpusPart::kValidation), opened.statistics().bytes,
                      [&](double share) { phase.Done(share); })(visitor);
}

}  // namespace cllm
