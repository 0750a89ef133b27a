#include "run/text_preparation.h"

#include "corpus/cache_directory.h"
#include "text/tokenizer_file.h"
#include "text/tokenizer_trainer.h"

namespace cllm {
namespace {

Result<SplitText> OpenWhole(const CorpusOptions& text) {
  TextOptions options;
  options.corpus = text;
  options.cache_directory = DefaultCacheDirectory();
  return SplitText::OpenForEvaluation(options);
}

}  // namespace

TextOptions TextOf(const RunChoices& choices) {
  TextOptions options;
  options.corpus = {.paths = choices.text,
                    .filter = {.include = choices.include, .exclude = choices.exclude},
                    .field = choices.field,
                    .separator = choices.separator};
  options.validation_paths = choices.validation;
  options.cache_directory = DefaultCacheDirectory();
  return options;
}

Result<Tokenizer> MakeTokenizer(const std::string& name, const SplitText& text, size_t threads) {
  if (!IsTokenizerSpec(name)) return LoadTokenizer(name);
  CLLM_ASSIGN(const TokenizerSpec spec, ParseTokenizerSpec(name));
  return TrainTokenizer(spec, text.Source(CorpusPart::kTraining), threads);
}

Result<PreparedCorpus> PrepareText(const SplitText& text, const Tokenizer& tokenizer, size_t threads,
                                   RunObserver& observer) {
  CLLM_ASSIGN(PreparedCorpus corpus, Prepare(text, tokenizer, {.threads = threads, .progress = {}}));
  for (const std::string& note : corpus.notes()) observer.OnNote({note});
  return corpus;
}

Result<PreparedCorpus> PrepareForEvaluation(const CorpusOptions& text, const Tokenizer& tokenizer, size_t threads,
                                            RunObserver& observer) {
  CLLM_ASSIGN(const SplitText opened, OpenWhole(text));
  return PrepareText(opened, tokenizer, threads, observer);
}

Status ReadDocuments(const CorpusOptions& text, RunObserver& observer, const TextVisitor& visitor) {
  CLLM_ASSIGN(const SplitText opened, OpenWhole(text));
  for (const std::string& note : opened.notes()) observer.OnNote({note});
  return opened.Read(CorpusPart::kValidation, visitor);
}

}  // namespace cllm
