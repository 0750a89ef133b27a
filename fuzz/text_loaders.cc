#include <fmt/format.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/testing/temporary_directory.h"
#include "data/token_file.h"
#include "data/token_format.h"
#include "loaders.h"
#include "run/run_config.h"
#include "store/config_file.h"
#include "store/json_log.h"
#include "text/tokenizer_file.h"

namespace cllm::fuzz {
namespace {

constexpr size_t kContentHashAt = 136;  // in the description (token_file.h)

Status UseTokenizer(const Tokenizer& tokenizer) {
  const std::string text = "The rivers' walks, 12 \xC3\xA9t\xC3\xA9\n\xFF";
  CHECK(tokenizer.Decode(tokenizer.Encode(text)) == text);
  constexpr size_t kStride = 37;  // factoring sieves primes anew for each token
  for (size_t token = 0; token < tokenizer.vocabulary(); token += kStride) {
    CHECK(!tokenizer.lattice().Factors(token).empty());
  }
  const Result<Tokenizer> again = ParseTokenizer(TokenizerJson(tokenizer), LatticeJson(tokenizer), "fuzz, rewritten");
  CHECK(again.ok() && again->hash() == tokenizer.hash());
  return {};
}

Status LoadTokenFile(const std::string& path) {
  CLLM_ASSIGN(const TokenFile file, TokenFile::Open(path));
  for (const CorpusPart part : {CorpusPart::kTraining, CorpusPart::kValidation}) {
    std::vector<uint32_t> tokens(file.tokens(part).size());
    CHECK(file.tokens(part).Read(0, tokens).ok());
    for (uint64_t i = 0; i < file.part(part).documents; ++i) {
      CHECK(tokens[file.DocumentStart(part, i)] == file.info().begin);
    }
  }
  return {};
}

void PutHash(std::string& file, size_t at, const Hash128& hash) {
  std::memcpy(file.data() + at, &hash.high, sizeof(hash.high));
  std::memcpy(file.data() + at + sizeof(hash.high), &hash.low, sizeof(hash.low));
}

}  // namespace

Status LoadTokenizerFiles(ByteView bytes) {
  const std::string text(AsText(bytes));
  const size_t end = text.find('\0');
  const std::string lattice = end == text.npos ? LatticeJson(Tokenizer::Bytes()) : text.substr(end + 1);
  CLLM_ASSIGN(const Tokenizer tokenizer, ParseTokenizer(text.substr(0, end), lattice, "fuzz"));
  return UseTokenizer(tokenizer);
}

Status LoadLattice(ByteView bytes) {
  const std::string tokenizer_json = TokenizerJson(Tokenizer::Bytes());
  CLLM_ASSIGN(const Tokenizer tokenizer, ParseTokenizer(tokenizer_json, std::string(AsText(bytes)), "fuzz"));
  return UseTokenizer(tokenizer);
}

Status LoadTokens(ByteView bytes) {
  const TemporaryDirectory folder;
  const std::string path = folder / "tokens.bin";
  std::string file(AsText(bytes));
  WriteText(path, file);
  const Status status = LoadTokenFile(path);
  if (status.ok() || file.size() < kHeadBytes + kDescriptionBytes) return status;
  const size_t description = file.size() - kDescriptionBytes;
  PutHash(file, description + kContentHashAt, HashBytes(AsBytes(file).first(description)));
  PutHash(file, description + kDescriptionHashAt, HashBytes(AsBytes(file).subspan(description, kDescriptionHashAt)));
  WriteText(path, file);
  return LoadTokenFile(path);
}

Status LoadConfiguration(ByteView bytes) {
  RunChoices config;
  CLLM_ASSIGN(const std::vector<ConfigEntry> entries, ParseConfig(std::string(AsText(bytes)), "fuzz.toml"));
  CLLM_TRY(ApplyEntries(entries, "fuzz.toml", config));
  CLLM_TRY(CheckChoices(config));
  const std::string written = WriteConfig(ToEntries(config));
  const Result<std::vector<ConfigEntry>> read = ParseConfig(written, "written.toml");
  CHECK(read.ok());
  RunChoices again;
  CHECK(ApplyEntries(*read, "written.toml", again).ok() && WriteConfig(ToEntries(again)) == written);
  return {};
}

Status LoadLog(ByteView bytes) {
  const TemporaryDirectory folder;
  const std::string path = folder / "log.jsonl";
  WriteText(path, std::string(AsText(bytes)));
  PosixFileSystem files;
  CLLM_ASSIGN(const LogTruncation first, TruncateLog(files, path, 5));
  CLLM_ASSIGN(const LogTruncation second, TruncateLog(files, path, 5));
  CHECK(second.dropped == 0 && second.kept == first.kept);
  CLLM_ASSIGN(JsonLog log, JsonLog::Open(files, path));
  CHECK(log.Write({{"step", 5}, {"loss", 0.5}}).ok());
  CLLM_ASSIGN(const LogTruncation third, TruncateLog(files, path, 5));
  CHECK(third.kept == first.kept + 1 && third.dropped == 0);
  return first.dropped == 0 ? Status() : BadInput(fmt::format("{}: {} lines were dropped", path, first.dropped));
}

}  // namespace cllm::fuzz
