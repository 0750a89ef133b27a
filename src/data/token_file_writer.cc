#include "data/token_file_writer.h"

#include <fmt/core.h>
#include <unistd.h>

#include <functional>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/path.h"
#include "base/system.h"
#include "corpus/byte_source.h"
#include "data/token_format.h"
#include "store/file_claim.h"

namespace cllm {
namespace {

constexpr size_t kWriteBuffer = size_t{1} << 18;  // bytes
constexpr size_t kKeptNumbers = size_t{1} << 16;

// A file being written through a buffer. Removed when destroyed unless released.
class BufferedFile {
 public:
  BufferedFile(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  BufferedFile(const BufferedFile&) = delete;
  BufferedFile& operator=(const BufferedFile&) = delete;
  ~BufferedFile() { Discard(); }

  // Removes the file. It is of no use to anybody then; that it cannot be removed has no better place to be told.
  void Discard() {
    file_.reset();
    if (created_) (void)files_.Remove(path_).ok();
    created_ = false;
  }

  Status Create() {
    CLLM_ASSIGN(file_, files_.Create(path_));
    created_ = true;
    claim_ = FileClaim::Take(path_);  // so that nobody takes it for one that was left behind
    return {};
  }
  bool created() const { return created_; }
  const std::string& path() const { return path_; }
  OutputFile& file() { return *file_; }
  void Release() { created_ = false; }

  Status Append(ByteView bytes) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return buffer_.size() < kWriteBuffer ? Status() : Flush();
  }
  Status Flush() {
    CLLM_TRY(file_->Append(buffer_));
    buffer_.clear();
    return {};
  }

 private:
  FileSystem& files_;
  std::string path_;
  std::unique_ptr<OutputFile> file_;
  std::optional<FileClaim> claim_;
  std::vector<std::byte> buffer_;
  bool created_ = false;
};

// Numbers that are gathered while the tokens are written and stand behind them: in memory while they are few, else in a
// file of their own.
class LaterNumbers {
 public:
  LaterNumbers(FileSystem& files, std::string path) : file_(files, std::move(path)) {}

  Status Add(std::initializer_list<uint64_t> numbers) {
    kept_.insert(kept_.end(), numbers);
    if (kept_.size() < kKeptNumbers) return {};
    if (!file_.created()) CLLM_TRY(file_.Create());
    CLLM_TRY(file_.Append(std::as_bytes(std::span(kept_))));
    kept_.clear();
    return {};
  }

  // Hands all of them to `put`, in order.
  Status Take(const std::function<Status(ByteView)>& put) {
    if (file_.created()) {
      CLLM_TRY(file_.Flush());
      CLLM_ASSIGN(const std::unique_ptr<ByteSource> source, ReadPath(file_.path()));
      std::vector<char> block(kWriteBuffer);
      while (true) {
        CLLM_ASSIGN(const size_t count, source->Read(block));
        if (count == 0) break;
        CLLM_TRY(put(std::as_bytes(std::span(block).first(count))));
      }
      file_.Discard();
    }
    return put(std::as_bytes(std::span(kept_)));
  }

 private:
  BufferedFile file_;
  std::vector<uint64_t> kept_;
};

}  // namespace

struct TokenFileWriter::State {
  State(FileSystem& file_system, const std::string& target, const std::string& temporary)
      : files(file_system),
        path(target),
        output(files, temporary),
        starts(files, temporary + ".documents"),
        spans(files, temporary + ".spans") {}

  PartStatistics& current() { return description.info.parts[static_cast<size_t>(part)]; }
  Status Put(ByteView bytes);
  Status PutToken(uint32_t token) { return PutTokens({&token, 1}); }
  Status PutTokens(std::span<const uint32_t> tokens);
  // The next `tokens` of the present part are used like this.
  Status AddUse(uint64_t tokens, Use use);
  Status EndSpan();

  FileSystem& files;
  std::string path;
  BufferedFile output;
  LaterNumbers starts;             // of documents
  LaterNumbers spans;              // of scored tokens, two for each that has ended
  uint64_t span_begin = 0, span_end = 0;  // of the one that may go on; none where they are equal
  Hasher hasher;
  TokenDescription description;
  uint64_t written = 0;  // bytes
  CorpusPart part = CorpusPart::kTraining;
  bool in_document = false;
};

Status TokenFileWriter::State::Put(ByteView bytes) {
  hasher.Update(bytes);
  written += bytes.size();
  return output.Append(bytes);
}

Status TokenFileWriter::State::PutTokens(std::span<const uint32_t> tokens) {
  current().tokens += tokens.size();
  if (TokenBytes(description.info.vocabulary) == 4) return Put(std::as_bytes(tokens));
  std::vector<uint16_t> narrow(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) narrow[i] = static_cast<uint16_t>(tokens[i]);
  return Put(std::as_bytes(std::span(narrow)));
}

Status TokenFileWriter::State::EndSpan() {
  if (span_begin == span_end) return {};
  ++current().spans;
  CLLM_TRY(spans.Add({span_begin, span_end}));
  span_begin = span_end = 0;
  return {};
}

Status TokenFileWriter::State::AddUse(uint64_t tokens, Use use) {
  if (!description.info.has_spans || use == Use::kContext || tokens == 0) return {};
  const uint64_t at = current().tokens;
  if (span_begin == span_end || span_end != at) {
    CLLM_TRY(EndSpan());
    span_begin = at;
  }
  span_end = at + tokens;
  current().scored_tokens += tokens;
  return {};
}

TokenFileWriter::TokenFileWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
TokenFileWriter::TokenFileWriter(TokenFileWriter&&) noexcept = default;
TokenFileWriter& TokenFileWriter::operator=(TokenFileWriter&&) noexcept = default;
TokenFileWriter::~TokenFileWriter() = default;

Result<TokenFileWriter> TokenFileWriter::Create(FileSystem& files, const std::string& path, const TokenFileInfo& info) {
  CHECK(info.vocabulary > 0 && info.begin < info.vocabulary && info.end < info.vocabulary);
  // Processes and threads that prepare the same corpus at once do not meet: the last rename wins, with equal bytes.
  const auto moment = static_cast<uint64_t>(MonotonicSeconds() * 1e9);
  auto state = std::make_unique<State>(files, path, fmt::format("{}.tmp-{}-{}", path, getpid(), moment));
  state->description.info = info;
  state->description.info.parts = {};
  CLLM_TRY(state->output.Create());
  CLLM_TRY(state->Put(EncodeHead(info)));
  return TokenFileWriter(std::move(state));
}

Status TokenFileWriter::BeginDocument(CorpusPart part) {
  State& state = *state_;
  CHECK(!state.in_document && part >= state.part);
  if (part != state.part) CLLM_TRY(state.EndSpan());
  state.part = part;
  state.in_document = true;
  const auto& parts = state.description.info.parts;
  CLLM_TRY(state.starts.Add({parts[0].tokens + parts[1].tokens}));
  ++state.current().documents;
  return state.PutToken(state.description.info.begin);
}

Status TokenFileWriter::Append(std::span<const uint32_t> tokens, uint64_t bytes, Use use) {
  State& state = *state_;
  CHECK(state.in_document);
  state.current().bytes += bytes;
  if (state.description.info.has_spans && use == Use::kScored) state.current().scored_bytes += bytes;
  CLLM_TRY(state.AddUse(tokens.size(), use));
  return state.PutTokens(tokens);
}

Status TokenFileWriter::EndDocument(uint64_t invalid_bytes, Use use) {
  State& state = *state_;
  CHECK(state.in_document);
  state.in_document = false;
  state.current().invalid_bytes += invalid_bytes;
  CLLM_TRY(state.AddUse(1, use));
  return state.PutToken(state.description.info.end);
}

Status TokenFileWriter::Finish() {
  State& state = *state_;
  CHECK(!state.in_document);
  constexpr std::byte kZeros[8] = {};
  CLLM_TRY(state.Put(ByteView(kZeros).first((8 - state.written % 8) % 8)));
  const auto put = [&](ByteView bytes) { return state.Put(bytes); };
  state.description.documents_offset = state.written;
  CLLM_TRY(state.starts.Take(put));
  if (state.description.info.has_spans) {
    CLLM_TRY(state.EndSpan());
    state.description.spans_offset = state.written;
    CLLM_TRY(state.spans.Take(put));
  }
  state.description.content_hash = state.hasher.Digest();
  state.description.file_bytes = state.written + kDescriptionBytes;
  CLLM_TRY(state.output.Append(EncodeDescription(state.description)));
  CLLM_TRY(state.output.Flush());
  CLLM_TRY(state.output.file().Sync());
  CLLM_TRY(state.output.file().Close());
  CLLM_TRY(state.files.Rename(state.output.path(), state.path));
  state.output.Release();
  return state.files.SyncDirectory(ParentPath(state.path));
}

}  // namespace cllm
