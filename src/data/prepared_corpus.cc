#include "data/prepared_corpus.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/path.h"
#include "base/units.h"
#include "data/token_cache.h"
#include "data/token_file_writer.h"
#include "data/token_format.h"
#include "data/tokenize_text.h"
#include "store/file_system.h"

namespace cllm {
namespace {

TokenFileInfo InfoOf(const Hash128& corpus_hash, const Tokenizer& tokenizer, bool has_spans) {
  return {.vocabulary = tokenizer.vocabulary(),
          .begin = tokenizer.begin(),
          .end = tokenizer.end(),
          .tokenizer_hash = tokenizer.hash(),
          .corpus_hash = corpus_hash,
          .parts = {},
          .has_spans = has_spans};
}

std::string CachePath(const std::string& directory, const TokenFileInfo& info) {
  const uint64_t format = info.has_spans ? kFormatWithSpans : kFormatWithSpans - 1;
  const std::array<uint64_t, 5> key = {format, info.corpus_hash.high, info.corpus_hash.low,
                                       info.tokenizer_hash.high, info.tokenizer_hash.low};
  const Hash128 name = HashBytes(std::as_bytes(std::span(key)));
  return JoinPath(directory, fmt::format("tokens-{}.bin", name.Hex()));
}

// What Hash128::Hex writes, back.
std::optional<Hash128> FromHex(std::string_view text) {
  constexpr size_t kHalf = 16;  // digits
  Hash128 hash;
  const auto read = [](std::string_view digits, uint64_t& half) {
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), half, 16);
    return error == std::errc() && stop == digits.data() + digits.size();
  };
  if (text.size() != 2 * kHalf || !read(text.substr(0, kHalf), hash.high) || !read(text.substr(kHalf), hash.low)) {
    return std::nullopt;
  }
  return hash;
}

// The cached file, if it is whole and what it should be.
Result<ClaimedTokens> OpenCached(const std::string& path, const TokenFileInfo& expected) {
  std::optional<FileClaim> claim = FileClaim::Take(path);
  CLLM_ASSIGN(TokenFile file, TokenFile::Open(path));
  TokenFileInfo found = file.info();
  found.parts = {};
  if (found == expected) return ClaimedTokens{std::move(file), std::move(claim)};
  return BadInput(fmt::format("{}: expected the tokens of this text, found those of another", path));
}

// What was removed from the cache, as a sentence, or "".
std::string KeepToLimit(const std::string& directory, uint64_t limit) {
  uint64_t bytes = 0;
  size_t texts = 0;
  for (const CacheEntry& gone : ShrinkCache(directory, limit)) {
    bytes += gone.bytes;
    texts += !gone.unfinished;
  }
  if (texts == 0) return "";
  return fmt::format("the cache {} had more than {}: the tokens of {} text{} that {} not used for longest are removed "
                     "({}); CLLM_CACHE_LIMIT sets the limit",
                     directory, FormatBytes(limit), texts, texts == 1 ? "" : "s", texts == 1 ? "was" : "were",
                     FormatBytes(bytes));
}

}  // namespace

Result<PreparedCorpus> Prepare(const SplitText& text, const Tokenizer& tokenizer, const PrepareOptions& options) {
  const TokenFileInfo info = InfoOf(text.statistics().hash, tokenizer, text.statistics().dialogues != 0);
  const std::string path = CachePath(text.cache_directory(), info);
  std::vector<std::string> notes = text.notes();
  if (PathExists(path)) {
    Result<ClaimedTokens> cached = OpenCached(path, info);
    if (cached.ok()) return PreparedCorpus(*std::move(cached), std::move(notes), text.Name());
    notes.push_back(
        fmt::format("the cached tokens were damaged and have been made anew ({})", cached.status().message()));
  }
  CLLM_ASSIGN(const uint64_t limit, CacheLimit(text.cache_directory()));
  PosixFileSystem files;
  CLLM_ASSIGN(TokenFileWriter writer, TokenFileWriter::Create(files, path, info));
  CLLM_TRY(TokenizeText(text, tokenizer, options, writer));
  CLLM_TRY(writer.Finish());
  CLLM_ASSIGN(ClaimedTokens tokens, OpenCached(path, info));
  if (std::string note = KeepToLimit(text.cache_directory(), limit); !note.empty()) notes.push_back(std::move(note));
  return PreparedCorpus(std::move(tokens), std::move(notes), text.Name());
}

Result<PreparedCorpus> FindPrepared(const std::string& cache_directory, std::string_view corpus_hash,
                                    const Tokenizer& tokenizer, const std::string& name) {
  const std::optional<Hash128> hash = FromHex(corpus_hash);
  if (!hash) return BadInput(fmt::format("'{}' is no hash of a text, expected 32 hexadecimal digits", corpus_hash));
  const auto open = [&](bool has_spans) {
    const TokenFileInfo info = InfoOf(*hash, tokenizer, has_spans);
    return OpenCached(CachePath(cache_directory, info), info);
  };
  Result<ClaimedTokens> dialogues = open(true);
  if (dialogues.ok()) return PreparedCorpus(*std::move(dialogues), {}, name);
  CLLM_ASSIGN(ClaimedTokens tokens, open(false));
  return PreparedCorpus(std::move(tokens), {}, name);
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
  if (validation < 2) {
    return BadInput(
        fmt::format("{} is too short: expected at least 2 tokens to validate on, found {}; give more text, or "
                    "other text to validate on (val)",
                    corpus.name(), validation));
  }
  for (const auto& [part, use] : {std::pair(CorpusPart::kTraining, "train"), {CorpusPart::kValidation, "validate"}}) {
    if (corpus.scored(part).all() || corpus.part(part).scored_tokens != 0) continue;
    return BadInput(
        fmt::format("{}: expected an answer of the assistant in the dialogues to {} on, found none; give more "
                    "dialogues",
                    corpus.name(), use));
  }
  return {};
}

}  // namespace cllm
