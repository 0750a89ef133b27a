#include "corpus/corpus.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "corpus/block_cutter.h"
#include "corpus/corpus_notes.h"
#include "corpus/document_splitter.h"
#include "corpus/epub.h"
#include "corpus/found_files.h"
#include "corpus/source_file.h"
#include "corpus/statistics_counter.h"

namespace cllm {
namespace {

constexpr size_t kReadBlock = size_t{1} << 18;
constexpr size_t kMaxSeparatorBytes = 4096;

// Told of bytes that were read, before they are cut into blocks.
using BytesRead = std::function<void(uint64_t bytes)>;

Status ReadSourceFile(const SourceFile& file, const CorpusOptions& options, BlockCutter& cutter,
                      FileFindings& found, const BytesRead& read = {}) {
  if (file.layout == TextLayout::kEpub) {
    CLLM_ASSIGN(const std::string text, EpubText(file.path));
    CLLM_TRY(cutter.Append(text));
    return cutter.EndDocument();
  }
  CLLM_ASSIGN(const std::unique_ptr<ByteSource> source, OpenSourceFile(file, found.decoding));
  const std::unique_ptr<DocumentSplitter> splitter = MakeDocumentSplitter(file, options, cutter, found.lines);
  std::string block(kReadBlock, '\0');
  while (true) {
    CLLM_ASSIGN(const size_t count, source->Read(block));
    if (count == 0) return splitter->End();
    CLLM_TRY(splitter->Append(std::string_view(block).substr(0, count)));
    if (read) read(count);
  }
}

// The share of the files' bytes on disk that a pass has read. Of a compressed file it is a guess until its end.
class ReadShare {
 public:
  ReadShare(const std::vector<SourceFile>& files, const ShareDone& progress) : progress_(progress) {
    for (const SourceFile& file : files) all_ += file.bytes;
  }
  void Begin(const SourceFile& file) {
    file_ = file.bytes;
    unpacked_ = file.compression == Compression::kNone ? 1 : kUnpacked;
    in_file_ = 0;
  }
  void Read(uint64_t bytes) {
    in_file_ += bytes;
    Tell(std::min(in_file_ / unpacked_, file_));
  }
  void End() {
    done_ += file_;
    Tell(0);
  }

 private:
  static constexpr uint64_t kUnpacked = 3;  // bytes of text for one of a compressed file, as text compresses
  void Tell(uint64_t in_file) const {
    if (progress_ && all_ != 0) progress_(static_cast<double>(done_ + in_file) / static_cast<double>(all_));
  }

  const ShareDone& progress_;
  uint64_t all_ = 0, done_ = 0, file_ = 0, in_file_ = 0, unpacked_ = 1;
};

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
  CLLM_ASSIGN(FoundFiles found, FindFiles(options, spool_directory));
  corpus.files_ = std::move(found.files);
  corpus.left_out_ = std::move(found.left_out);
  corpus.searched_ = found.searched;
  return corpus;
}

Result<CorpusScan> Corpus::Scan(const TextVisitor& visitor, const ShareDone& progress) {
  StatisticsCounter counter;
  std::vector<Status> statuses;
  ReadShare share(files_, progress);
  for (SourceFile& file : files_) {
    share.Begin(file);
    const CorpusStatistics before = counter.Statistics();
    Hasher hasher;
    const TextVisitor watch = [&](const TextBlock& block) {
      counter.Add(block);
      hasher.Update(AsBytes(block.text));
      return visitor(block);
    };
    BlockCutter cutter(watch);
    file.found = {};
    statuses.push_back(
        ReadSourceFile(file, options_, cutter, file.found, [&](uint64_t bytes) { share.Read(bytes); }));
    share.End();
    const CorpusStatistics after = counter.Statistics();
    file.found.bytes = after.bytes - before.bytes;
    file.found.invalid_bytes = after.invalid_bytes - before.invalid_bytes;
    file.found.nul_bytes = after.nul_bytes - before.nul_bytes;
    file.found.hash = hasher.Digest();
  }
  CLLM_ASSIGN(const bool complete, LeaveOut(statuses));
  return CorpusScan{counter.Statistics(), complete};
}

// Leaves out the files that hold no text, and those that were found and could not be read; true if there are none of
// the latter, so that the visitor met nothing of what is left out. Error: of those that were named.
Result<bool> Corpus::LeaveOut(const std::vector<Status>& statuses) {
  Faults faults;
  std::vector<SourceFile> kept;
  const bool some_text =
      std::any_of(files_.begin(), files_.end(), [](const SourceFile& file) { return file.found.bytes != 0; });
  bool complete = true;
  for (size_t i = 0; i < files_.size(); ++i) {
    const Status& status = statuses[i];
    if (!status.ok() && status.code() != Code::kBadInput) return status;
    if (status.ok() && files_[i].found.bytes == 0 && some_text) {
      left_out_.push_back({.reason = LeftOutReason::kEmpty, .path = files_[i].path, .bytes = files_[i].bytes});
      continue;
    }
    if (!status.ok() && !files_[i].named) {
      complete = false;
      const LineFindings& lines = files_[i].found.lines;
      left_out_.push_back({.reason = lines.bad != 0 ? LeftOutReason::kBadLines : LeftOutReason::kDamaged,
                           .path = files_[i].path,
                           .bytes = files_[i].bytes,
                           .detail = status.message()});
      continue;
    }
    faults.Add(status);
    kept.push_back(std::move(files_[i]));
  }
  files_ = std::move(kept);
  if (files_.empty()) faults.Add(BadInput(fmt::format("no text is left: found {}", DescribeLeftOut(left_out_))));
  CLLM_TRY(faults.Joined());
  return complete;
}

Status Corpus::Read(const TextVisitor& visitor) const {
  BlockCutter cutter(visitor);
  for (const SourceFile& file : files_) {
    FileFindings again;
    CLLM_TRY(ReadSourceFile(file, options_, cutter, again));
  }
  return {};
}

std::vector<std::string> Corpus::Notes() const { return CorpusNotes(files_, left_out_, searched_); }

std::string Corpus::SameTextAs(const Corpus& other) const { return SameTextNote(files_, other.files_); }

std::string Corpus::Name() const {
  const std::string first = files_.front().Name();
  if (files_.size() == 1) return first;
  return fmt::format("{} and {} more file{}", first, files_.size() - 1, files_.size() == 2 ? "" : "s");
}

}  // namespace cllm
