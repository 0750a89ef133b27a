#include "api/entry.h"

#include <fmt/format.h>

#include <system_error>

#include "base/check.h"
#include "base/resource_limits.h"

namespace cllm {
namespace {

ErrorKind KindOf(Code code) {
  switch (code) {
    case Code::kFailed: return ErrorKind::kFailed;
    case Code::kUsage: return ErrorKind::kBadOption;
    case Code::kBadInput: return ErrorKind::kBadInput;
    case Code::kNoResources: return ErrorKind::kNoResources;
    case Code::kDiverged: return ErrorKind::kDiverged;
    case Code::kOk: break;
  }
  CHECK(false);
}

}  // namespace

Error ToError(const Status& status) { return {KindOf(status.code()), status.message()}; }

Error ToError(const std::exception& exception) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) return {ErrorKind::kNoResources, WhyNoMemory()};
  const auto* system = dynamic_cast<const std::system_error*>(&exception);
  if (system != nullptr && system->code() == std::errc::resource_unavailable_try_again) {
    return {ErrorKind::kNoResources, "a thread could not be started: " + WhyNoThread()};
  }
  return {ErrorKind::kFailed, fmt::format("unexpected: {}", exception.what())};
}

}  // namespace cllm
