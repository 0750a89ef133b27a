#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/check.h"

namespace cllm {

// What kind of thing went wrong.
enum class Code {
  kOk,
  kFailed,       // the work itself failed (I/O in mid-run, a system call)
  kUsage,        // what was asked for is wrong: an argument, an option, a configuration
  kBadInput,     // a file is missing, unreadable, damaged or not what it should be
  kNoResources,  // not enough memory or disk, refused before the start
  kDiverged,     // training produced a non-finite or out-of-range value
};

// An error as a value: a code and one sentence that names the path or option, what was expected, what was found and
// what to do next. Immutable.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

inline Status Failed(std::string message) { return {Code::kFailed, std::move(message)}; }
inline Status Usage(std::string message) { return {Code::kUsage, std::move(message)}; }
inline Status BadInput(std::string message) { return {Code::kBadInput, std::move(message)}; }
inline Status NoResources(std::string message) { return {Code::kNoResources, std::move(message)}; }
inline Status Diverged(std::string message) { return {Code::kDiverged, std::move(message)}; }

// A value or the error that prevented it. value() REQUIRES ok().
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                                 // NOLINT: implicit on purpose
  Result(Status status) : status_(std::move(status)) { CHECK(!status_.ok()); }  // NOLINT: implicit on purpose

  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }
  T& value() & { CHECK(ok()); return *value_; }
  const T& value() const& { CHECK(ok()); return *value_; }
  T&& value() && { CHECK(ok()); return *std::move(value_); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  Status status_;
  std::optional<T> value_;
};

inline const Status& StatusOf(const Status& status) { return status; }
template <typename T>
const Status& StatusOf(const Result<T>& result) {
  return result.status();
}

// CLLM_TRY(expr): returns the error of a Status or Result to the caller if it is one; the value of a Result goes.
#define CLLM_TRY(expr)                                                                      \
  do {                                                                                      \
    if (const auto try_result = (expr); !try_result.ok()) return ::cllm::StatusOf(try_result); \
  } while (false)

#define CLLM_CONCAT_INNER(a, b) a##b
#define CLLM_CONCAT(a, b) CLLM_CONCAT_INNER(a, b)
// CLLM_ASSIGN(auto x, expr): declares or assigns x from a Result, or returns its error to the caller.
#define CLLM_ASSIGN(lhs, expr) CLLM_ASSIGN_INNER(CLLM_CONCAT(result_, __LINE__), lhs, expr)
#define CLLM_ASSIGN_INNER(tmp, lhs, expr) \
  auto tmp = (expr);                      \
  if (!tmp.ok()) return tmp.status();     \
  lhs = *std::move(tmp)

}  // namespace cllm
