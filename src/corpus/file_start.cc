#include "corpus/file_start.h"

#include <fmt/core.h>

#include <string>

#include "corpus/binary_check.h"
#include "corpus/office_document.h"

namespace cllm {
namespace {

Result<std::string> ReadStart(const SourceFile& file) {
  CLLM_ASSIGN(const std::unique_ptr<ByteSource> source, OpenSourceFile(file));
  std::string start(kBinaryCheckBytes, '\0');
  size_t filled = 0;
  while (filled < start.size()) {
    CLLM_ASSIGN(const size_t count, source->Read(std::span(start).subspan(filled)));
    if (count == 0) break;
    filled += count;
  }
  start.resize(filled);
  return start;
}

}  // namespace

StartVerdict LookAtStart(const SourceFile& file) {
  const Result<std::unique_ptr<ByteSource>> opened = OpenSourceFile(file);
  if (!opened.ok()) return {LeftOutReason::kUnreadable, opened.status()};
  const Result<std::string> start = ReadStart(file);
  if (!start.ok()) return {LeftOutReason::kDamaged, start.status()};
  if (start->empty()) return {LeftOutReason::kEmpty, BadInput(fmt::format("{} is empty; expected text", file.Name()))};
  if (const std::string advice = ConversionAdvice(file.path, *start); !advice.empty()) {
    return {LeftOutReason::kNeedsConversion, BadInput(fmt::format("{} {}", file.Name(), advice))};
  }
  const std::string reason = BinaryReason(*start);
  if (reason.empty()) return {};
  return {LeftOutReason::kBinary, BinaryError(file.Name(), reason)};
}

}  // namespace cllm
