#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/testing/temporary_directory.h"
#include "corpus/block_cutter.h"
#include "corpus/byte_source.h"
#include "corpus/corpus.h"
#include "corpus/decompress.h"
#include "corpus/document_splitter.h"
#include "corpus/epub.h"
#include "corpus/glob_pattern.h"
#include "corpus/html_text.h"
#include "corpus/source_file.h"
#include "corpus/text_encoding.h"
#include "corpus/utf8_counter.h"
#include "loaders.h"

// Of the texts that people have.
namespace cllm::fuzz {
namespace {

// Bytes in memory, handed out in pieces.
class Pieces : public ByteSource {
 public:
  Pieces(std::string_view bytes, size_t piece) : bytes_(bytes), piece_(piece) {}
  Result<size_t> Read(std::span<char> out) override {
    const size_t count = std::min({out.size(), bytes_.size(), piece_});
    std::memcpy(out.data(), bytes_.data(), count);
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view bytes_;
  size_t piece_;
};

constexpr size_t kWhole = size_t{1} << 30;
constexpr size_t kRead = size_t{1} << 22;  // at most, of what a small file claims to become

// Everything that a source gives, asked for in pieces of `block` bytes.
Result<std::string> ReadAll(ByteSource& source, size_t block) {
  std::string all, piece(block, '\0');
  while (all.size() < kRead) {
    CLLM_ASSIGN(const size_t count, source.Read(piece));
    CHECK(count <= block);
    if (count == 0) return all;
    all.append(piece, 0, count);
  }
  return all.substr(0, kRead);
}

bool IsUtf8(std::string_view text) {
  Utf8Counter counter;
  counter.Add(text);
  counter.EndDocument();
  return counter.invalid_bytes() == 0;
}

constexpr size_t kMostOfPattern = 300;

using Decompress = std::unique_ptr<ByteSource> (*)(std::unique_ptr<ByteSource> input, std::string path);

// The cuts of what is read and asked for change nothing.
Status LoadCompressed(Decompress decompress, ByteView bytes) {
  const auto read = [&](size_t piece, size_t block) {
    return ReadAll(*decompress(std::make_unique<Pieces>(AsText(bytes), piece), "fuzz"), block);
  };
  const Result<std::string> text = read(kWhole, size_t{1} << 16), again = read(17, 4099);
  CHECK(text.ok() == again.ok());
  if (!text.ok()) return text.status();
  CHECK(*text == *again);
  return {};
}

// The documents of a .jsonl file, given in pieces.
Result<std::vector<std::string>> Lines(std::string_view bytes, const std::string& field, size_t piece) {
  std::vector<std::string> documents(1);
  const TextVisitor visitor = [&](const TextBlock& block) {
    documents.back() += block.text;
    if (block.ends_document) documents.emplace_back();
    return Status();
  };
  BlockCutter cutter(visitor);
  LineFindings lines;
  const auto splitter = MakeDocumentSplitter(DescribeFile("fuzz.jsonl"), {.field = field}, cutter, lines);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    CLLM_TRY(splitter->Append(bytes.substr(0, piece)));
  }
  CLLM_TRY(splitter->End());
  CHECK(lines.bad <= lines.all && lines.first_bad.size() <= LineFindings::kKept);
  return documents;
}

}  // namespace

Status LoadHtml(ByteView bytes) {
  CLLM_ASSIGN(const std::string text, HtmlText(AsText(bytes)));
  CHECK(text.empty() || text.ends_with('\n'));
  CHECK(IsUtf8(text));
  return {};
}

Status LoadEpub(ByteView bytes) {
  const TemporaryDirectory folder;
  const std::string path = folder / "book.epub";
  WriteText(path, std::string(AsText(bytes)));
  const Result<std::string> text = EpubText(path);
  if (!text.ok()) {
    CHECK(text.status().message().starts_with(path));
    return text.status();
  }
  CHECK(IsUtf8(*text));
  return {};
}

Status LoadJsonLines(ByteView bytes) {
  for (const std::string field : {"data.text", "text"}) {
    const Result<std::vector<std::string>> whole = Lines(AsText(bytes), field, kWhole),
                                           again = Lines(AsText(bytes), field, 7);
    CHECK(whole.ok() == again.ok());
    if (field == "text") return whole.status();
    CHECK(!whole.ok() || *whole == *again);
  }
  return {};
}

Status LoadEncoding(ByteView bytes) {
  const std::string text = DecodeMarkedText(AsText(bytes));
  Decoding decoding;
  const Result<std::string> again =
      ReadAll(*DecodeMarkedText(std::make_unique<Pieces>(AsText(bytes), 3), decoding), 5);
  CHECK(again.ok() && *again == text.substr(0, kRead));
  CHECK(decoding.encoding.empty() || (HasWideMark(AsText(bytes)) && IsUtf8(text)));
  return decoding.replaced == 0 ? Status() : BadInput("some units encode nothing");
}

namespace {

// Whether a matcher leaves a file out, by itself or with a folder that it lies in.
bool LeavesOut(const FileMatcher& matcher, std::string_view path) {
  if (!matcher.TakesFile(path, path)) return true;
  for (size_t slash = path.rfind('/'); slash != path.npos; slash = path.rfind('/')) {
    path = path.substr(0, slash);
    if (!matcher.TakesFolder(path, path)) return true;
  }
  return false;
}

}  // namespace

Status LoadGlob(ByteView bytes) {
  // The time is that of all patterns times the path: people's patterns are short.
  const std::string text(AsText(bytes).substr(0, kMostOfPattern));
  const size_t end = text.find('\0');
  const std::string pattern = text.substr(0, end), path = end == text.npos ? "a/b.txt" : text.substr(end + 1);
  CLLM_ASSIGN(const std::vector<std::string> patterns, ExpandBraces(pattern));
  CHECK(!patterns.empty());
  bool matches = false;
  for (const std::string& one : patterns) matches |= GlobMatches(one, path);
  if (!LooksLikeGlob(pattern) && pattern.find('\\') == pattern.npos) CHECK(matches == (pattern == path));
  CLLM_ASSIGN(const FileMatcher with, FileMatcher::Of({.include = {pattern}}));
  CLLM_ASSIGN(const FileMatcher without, FileMatcher::Of({.exclude = {pattern}}));
  CHECK(!with.TakesFile(path, path) || LeavesOut(without, path));
  return matches ? Status() : BadInput("the pattern does not match");
}

Status LoadGzip(ByteView bytes) { return LoadCompressed(DecompressGzip, bytes); }
Status LoadXz(ByteView bytes) { return LoadCompressed(DecompressXz, bytes); }
Status LoadZstd(ByteView bytes) { return LoadCompressed(DecompressZstd, bytes); }

}  // namespace cllm::fuzz
