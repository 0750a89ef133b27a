#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/status.h"
#include "data/token_file.h"
#include "store/file_system.h"

namespace cllm {

// Writes a token file as a stream, in bounded memory: to a temporary file beside `path`, synced and renamed by Finish.
// Removes its temporary file when destroyed unfinished. One worker only.
class TokenFileWriter {
 public:
  // `info.parts` is filled by the writer itself; with info.has_spans, tokens are scored where that is said. `files`
  // must outlive the writer. kFailed: the folder cannot be written.
  static Result<TokenFileWriter> Create(FileSystem& files, const std::string& path, const TokenFileInfo& info);
  TokenFileWriter(TokenFileWriter&&) noexcept;
  TokenFileWriter& operator=(TokenFileWriter&&) noexcept;
  ~TokenFileWriter();

  // A document is written as begin, its tokens, end. Training documents come before validation documents.
  Status BeginDocument(CorpusPart part);
  // What a model makes of tokens: learns them, or reads them as context.
  enum class Use { kScored, kContext };
  // More of the document's tokens, for `bytes` bytes of its text. REQUIRES: every token is inside the vocabulary.
  Status Append(std::span<const uint32_t> tokens, uint64_t bytes, Use use = Use::kScored);
  // `invalid_bytes` of the document's text are not UTF-8. The end token is used like this.
  Status EndDocument(uint64_t invalid_bytes, Use use = Use::kScored);
  // Makes the file durable under its name. kFailed: no space, a write error; nothing is left behind then.
  Status Finish();

 private:
  struct State;
  explicit TokenFileWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cllm
