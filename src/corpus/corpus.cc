#include "corpus/corpus.h"

#include <fmt/core.h>

#include <utility>

#include "corpus/binary_check.h"
#include "corpus/block_cutter.h"
#include "corpus/document_splitter.h"
#include "corpus/source_file.h"

namespace cllm {
namespace {

constexpr size_t kReadBlock = size_t{1} << 18;
constexpr size_t kMaxSeparatorBytes = 4096;

// Whether a file's start can be read and is text.
Status CheckStart(const SourceFile& file) {
  CLLM_ASSIGN(const std::unique_ptr<ByteSource> source, OpenSourceFile(file));
  std::string start(kBinaryCheckBytes, '\0');
  size_t filled = 0;
  while (filled < start.size()) {
    CLLM_ASSIGN(const size_t count, source->Read(std::span(start).subspan(filled)));
    if (count == 0) break;
    filled += count;
  }
  start.resize(filled);
  if (start.empty()) return BadInput(fmt::format("{} is empty; expected text", file.Name()));
  const std::string reason = BinaryReason(start);
  return reason.empty() ? Status() : BinaryError(file.Name(), reason);
}

Status ReadSourceFile(const SourceFile& file, const CorpusOptions& options, BlockCutter& cutter) {
  CLLM_ASSIGN(const std::unique_ptr<ByteSource> source, OpenSourceFile(file));
  const std::unique_ptr<DocumentSplitter> splitter = MakeDocumentSplitter(file, options, cutter);
  std::string block(kReadBlock, '\0');
  while (true) {
    CLLM_ASSIGN(const size_t count, source->Read(block));
    if (count == 0) return splitter->End();
    CLLM_TRY(splitter->Append(std::string_view(block).substr(0, count)));
  }
}

}  // namespace

Corpus::Corpus() = default;
Corpus::Corpus(Corpus&&) noexcept = default;
Corpus& Corpus::operator=(Corpus&&) noexcept = default;
Corpus::~Corpus() = default;

Result<Corpus> Corpus::Open(const CorpusOptions& options, const std::string& spool_directory) {
  if (options.paths.empty()) return Usage("no text is named; expected a file, a directory, a glob or -");
  if (options.field.empty()) return Usage("field is empty; expected the name of a field in the .jsonl lines");
  if (options.separator.size() > kMaxSeparatorBytes) {
    return Usage(
        fmt::format("separator has {} bytes; expected at most {}", options.separator.size(), kMaxSeparatorBytes));
  }
  Corpus corpus;
  corpus.options_ = options;
  CLLM_ASSIGN(corpus.files_, ExpandPaths(options.paths, spool_directory));
  for (const SourceFile& file : corpus.files_) CLLM_TRY(CheckStart(file));
  return corpus;
}

Status Corpus::Read(const TextVisitor& visitor) const {
  BlockCutter cutter(visitor);
  for (const SourceFile& file : files_) CLLM_TRY(ReadSourceFile(file, options_, cutter));
  return {};
}

std::string Corpus::Name() const {
  const std::string first = files_.front().Name();
  if (files_.size() == 1) return first;
  return fmt::format("{} and {} more file{}", first, files_.size() - 1, files_.size() == 2 ? "" : "s");
}

size_t Corpus::files() const { return files_.size(); }

}  // namespace cllm
