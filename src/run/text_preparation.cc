#include "run/text_preparation.h"

#include "corpus/cache_directory.h"
#include "text/tokenizer_file.h"
#include "text/tokenizer_trainer.h"

namespace cllm {

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

Result<PreparedCorpus> PrepareForEvaluation(const std::vector<std::string>& paths, const Tokenizer& tokenizer,
                                            size_t threads, RunObserver& observer) {
  TextOptions options;
  options.corpus.paths = paths;
  options.cache_directory = DefaultCacheDirectory();
  CLLM_ASSIGN(const SplitText text, SplitText::OpenForEvaluation(options));
  return PrepareText(text, tokenizer, threads, observer);
}

}  // namespace cllm
