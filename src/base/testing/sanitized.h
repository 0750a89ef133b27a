#pragma once

// CLLM_SANITIZED is defined in builds under the address or thread sanitizer, of either compiler: there, memory, stacks
// and speed are not those of the program.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // GCC
#define CLLM_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)  // Clang
#define CLLM_SANITIZED
#endif
#endif
