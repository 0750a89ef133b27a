#include "serve/dashboard/run_tokens.h"

#include <utility>

#include "corpus/cache_directory.h"
#include "text/tokenizer_file.h"

namespace cllm {

Result<RunTokens> RunTokens::Open(const RunSource& run) {
  CLLM_ASSIGN(Tokenizer tokenizer, LoadTokenizer(run.path));
  RunTokens tokens{.tokenizer = std::move(tokenizer), .corpus = {}, .missing = {}};
  tokens.LookAgain(run);
  return tokens;
}

bool RunTokens::LookAgain(const RunSource& run) {
  Result<PreparedCorpus> found = FindPrepared(DefaultCacheDirectory(), run.corpus_hash, tokenizer, run.name);
  missing = found.ok() ? "" : found.status().message();
  if (found.ok()) corpus = *std::move(found);
  return found.ok();
}

}  // namespace cllm
