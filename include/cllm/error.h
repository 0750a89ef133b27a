#pragma once

#include <string>
#include <utility>
#include <variant>

namespace cllm::inline api {

// What kind of thing went wrong.
enum class ErrorKind {
  kFailed,       // the work itself failed: a file could not be written, a system call was refused
  kBadOption,    // what was asked for is wrong: a number out of range, options that contradict each other
  kBadInput,     // a file is missing, unreadable, damaged or not what it should be
  kNoResources,  // too little memory or disk, refused before the work began, or threads that did not start
  kDiverged,     // training made numbers that are not finite
  kStopped,      // a caller stopped it before there was anything to keep
  kCallback,     // a callback of the caller's threw an exception; the message has its what()
};

// An error: its kind, and one sentence for people that names the path or the option, what was expected and what was
// found. Options stand there in backquotes, by their names on the command line: `kv-heads` for kv_heads. A plain value.
struct Error {
  ErrorKind kind = ErrorKind::kFailed;
  std::string message = {};
};

// A value, or the error that prevented it. As thread-safe as the value.
//
//   cllm::Expected<cllm::Model> model = cllm::Model::Open("runs/book-1");
//   if (!model) return Complain(model.error().message);
//   Use(*model);
//
// To take the value where there is none, or the error where there is none, throws std::bad_variant_access.
template <typename T>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Expected(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }

  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace cllm::inline api
