#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "base/check.h"

namespace cllm {

// A fixed array of plain values on 64-byte boundaries, zeroed. Owns its memory; thread-compatible. From 2 MiB on it
// asks for huge pages: rows of large matrices lie on more pages than the processor keeps addresses of. Memory is
// touched by the thread that constructs it, so a worker's buffers lie on its own NUMA node.
template <typename T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size) : size_(size) {
    const size_t bytes = size * sizeof(T);
    if (bytes == 0) return;
    const size_t alignment = bytes < kHugePage ? kAlignment : kHugePage;
    data_.reset(static_cast<T*>(std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment)));
    if (data_ == nullptr) RunOut();
    // Whole huge pages only: the rest of the last one would be resident though nobody uses it.
    if (bytes >= kHugePage) madvise(data_.get(), bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
    std::memset(static_cast<void*>(data_.get()), 0, bytes);
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  T& operator[](size_t i) { DCHECK(i < size_); return data_.get()[i]; }
  const T& operator[](size_t i) const { DCHECK(i < size_); return data_.get()[i]; }
  std::span<T> span() { return {data_.get(), size_}; }
  std::span<const T> span() const { return {data_.get(), size_}; }

 private:
  static constexpr size_t kAlignment = 64;
  static constexpr size_t kHugePage = size_t{2} << 20;
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  // As operator new does it.
  [[noreturn]] static void RunOut() {
    if (const std::new_handler handler = std::get_new_handler()) handler();
    throw std::bad_alloc();
  }

  size_t size_ = 0;
  std::unique_ptr<T, Free> data_;
};

}  // namespace cllm
