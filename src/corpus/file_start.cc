#include "corpus/file_start.h"

#include <fmt/core.h>

#include <memory>
#include <span>
#include <string>

#include "corpus/binary_check.h"
#include "corpus/epub.h"
#include "corpus/office_document.h"

namespace cllm {
namespace {

Result<std::string> ReadStart(ByteSource& source) {
  std::string start(kBinaryCheckBytes, '\0');
  size_t filled = 0;
  while (filled < start.size()) {
    CLLM_ASSIGN(const size_t count, source.Read(std::span(start).subspan(filled)));
    if (count == 0) break;
    filled += count;
  }
  start.resize(filled);
  return start;
}

// Bytes that happen to begin like UTF-16 encode nothing in many places.
bool IsNoEncoding(const Decoding& decoding, const std::string& start) {
  return !decoding.encoding.empty() && decoding.replaced * 3 * 20 > start.size();
}

}  // namespace

StartVerdict LookAtStart(SourceFile& file) {
  Decoding decoding;
  const Result<std::unique_ptr<ByteSource>> opened = OpenSourceFile(file, decoding);
  if (!opened.ok()) return {LeftOutReason::kUnreadable, opened.status()};
  const Result<std::string> start = ReadStart(**opened);
  if (!start.ok()) return {LeftOutReason::kDamaged, start.status()};
  if (start->empty()) return {LeftOutReason::kEmpty, BadInput(fmt::format("{} is empty; expected text", file.Name()))};
  if (LooksLikeEpub(*start) && file.compression == Compression::kNone && !file.spool.is_open()) {
    file.layout = TextLayout::kEpub;
  }
  if (file.layout == TextLayout::kEpub) {
    if (start->starts_with("PK")) return {};
    return {LeftOutReason::kDamaged,
            BadInput(file.Name() + " is damaged: it is no zip archive; expected an EPUB book")};
  }
  if (const std::string advice = ConversionAdvice(file.path, *start); !advice.empty()) {
    return {LeftOutReason::kNeedsConversion, BadInput(fmt::format("{} {}", file.Name(), advice))};
  }
  if (IsNoEncoding(decoding, *start)) {
    const std::string reason = fmt::format("it starts like {}, and is none", decoding.encoding);
    return {LeftOutReason::kBinary, BinaryError(file.Name(), reason)};
  }
  const std::string reason = BinaryReason(*start);
  if (reason.empty()) return {};
  return {LeftOutReason::kBinary, BinaryError(file.Name(), reason)};
}

}  // namespace cllm
