#pragma once

namespace cllm {

// Prints "file:line: CHECK failed: condition" on standard error and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace cllm

// A bug in our own code, always on; never reachable from input (errors in input are a Status).
#define CHECK(condition) \
  (__builtin_expect(static_cast<bool>(condition), 1) ? void(0) : ::cllm::CheckFailed(__FILE__, __LINE__, #condition))

// The same for inner loops: debug builds only.
#ifdef NDEBUG
#define DCHECK(condition) void(0)
#else
#define DCHECK(condition) CHECK(condition)
#endif
