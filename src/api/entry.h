#pragma once

#include <exception>
#include <utility>

#include "base/float_control.h"
#include "base/status.h"
#include "cllm/error.h"

// The way into the library and out of it: results of ours become values of the callers, no exception gets out, and the
// calling thread computes as our own threads do, whatever its program chose for itself.
namespace cllm {

// REQUIRES: !status.ok().
Error ToError(const Status& status);
// Of an exception that no code of ours throws: the C++ library's, for want of memory or threads.
Error ToError(const std::exception& exception);

// Calls `function`, which gives a Result<Value>, and returns its value or its error; an exception is an error, too.
template <typename Value, typename Function>
Expected<Value> Enter(const Function& function) {
  const FloatControlScope same_bits(kDefaultFloatControl);
  try {
    Result<Value> result = function();
    if (!result.ok()) return ToError(result.status());
    return *std::move(result);
  } catch (const std::exception& exception) {
    return ToError(exception);
  } catch (...) {
    return Error{ErrorKind::kFailed, "unexpected: an exception of an unknown type"};
  }
}

}  // namespace cllm
