#include "data/prepared_corpus.h"

#include <fmt/core.h>

#include <array>
#include <span>

#include "base/file.h"
#include "base/path.h"
#include "data/token_file_writer.h"
#include "data/token_format.h"
#include "data/tokenize_text.h"
#include "store/file_system.h"

namespace cllm {
namespace {

TokenFileInfo InfoOf(const SplitText& text, const Tokenizer& tokenizer) {
  return {.vocabulary = tokenizer.vocabulary(),
          .begin = tokenizer.begin(),
          .end = tokenizer.end(),
          .tokenizer_hash = tokenizer.hash(),
          .corpus_hash = text.statistics().hash,
          .parts = {}};
}

std::string CachePath(const SplitText& text, const TokenFileInfo& info) {
  const std::array<uint64_t, 5> key = {kTokenFormat, info.corpus_hash.high, info.corpus_hash.low,
                                       info.tokenizer_hash.high, info.tokenizer_hash.low};
  const Hash128 name = HashBytes(std::as_bytes(std::span(key)));
  return JoinPath(text.cache_directory(), fmt::format("tokens-{}.bin", name.Hex()));
}

// The cached file, if it is whole and what it should be.
Result<TokenFile> OpenCached(const std::string& path, const TokenFileInfo& expected) {
  CLLM_ASSIGN(TokenFile file, TokenFile::Open(path));
  TokenFileInfo found = file.info();
  found.parts = {};
  if (found == expected) return file;
  return BadInput(fmt::format("{}: expected the tokens of this text, found those of another", path));
}

}  // namespace

Result<PreparedCorpus> Prepare(const SplitText& text, const Tokenizer& tokenizer, const PrepareOptions& options) {
  const TokenFileInfo info = InfoOf(text, tokenizer);
  const std::string path = CachePath(text, info);
  std::vector<std::string> notes = text.notes();
  if (PathExists(path)) {
    Result<TokenFile> cached = OpenCached(path, info);
    if (cached.ok()) return PreparedCorpus(*std::move(cached), std::move(notes), text.Name());
    notes.push_back(
        fmt::format("the cached tokens were damaged and have been made anew ({})", cached.status().message()));
  }
  RemoveAbandonedFiles(text.cache_directory());
  PosixFileSystem files;
  CLLM_ASSIGN(TokenFileWriter writer, TokenFileWriter::Create(files, path, info));
  CLLM_TRY(TokenizeText(text, tokenizer, options, writer));
  CLLM_TRY(writer.Finish());
  CLLM_ASSIGN(TokenFile file, OpenCached(path, info));
  return PreparedCorpus(std::move(file), std::move(notes), text.Name());
}

Status CheckLongEnough(const PreparedCorpus& corpus, size_t context) {
  const size_t training = corpus.training().size();
  const char* advice = context > 1 ? "give more text or choose a smaller context" : "give more text";
  if (training <= context) {
    return BadInput(
        fmt::format("{} is too short: expected at least {} tokens to train on (a context of {} and the token "
                    "after it), found {}; {}",
                    corpus.name(), context + 1, context, training, advice));
  }
  const size_t validation = corpus.validation().size();
  if (validation >= 2) return {};
  return BadInput(
      fmt::format("{} is too short: expected at least 2 tokens to validate on, found {}; give more text, or "
                  "other text to validate on (val)",
                  corpus.name(), validation));
}

}  // namespace cllm
