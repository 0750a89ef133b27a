#include "serve/dashboard/run_tokens.h"

#include <utility>

#include "corpus/cache_directory.h"
#include "text/tokenizer_file.h"

namespace cllm {

Result<RunTokens> RunTokens::Open(const RunSource& run) {
  CLLM_ASSIGN(Tokenizer tokenizer, LoadTokenizer(run.path));
  RunTokens tokens{.tokenizer = std::move(tokenizer), .corpus = {}, .missing = {}};
  Result<PreparedCorpus> corpus = FindPrepared(DefaultCacheDirectory(), run.corpus_hash, tokens.tokenizer, run.name);
  if (corpus.ok()) {
    tokens.corpus = *std::move(corpus);
  } else {
    tokens.missing = corpus.status().message();
  }
  return tokens;
}

}  // namespace cllm
