#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "infer/batch.h"
#include "infer/sampler.h"
#include "measure/measured_run.h"

// What a training step must not do: allocate, on any thread, or lock a mutex on a worker. A program of its own, since
// it replaces the C library's allocation and locks for all of it; operator new, std::mutex and std::shared_mutex end up
// there too.
namespace {

// Calls on the workers and on Node Zero, the program's first thread, while `counting`.
struct Calls {
  std::atomic<size_t> by_workers = 0, by_node_zero = 0;
};
std::atomic<bool> counting = false;
Calls allocations, locks;

void Count(Calls& calls) {
  if (!counting.load(std::memory_order_relaxed)) return;
  (gettid() == getpid() ? calls.by_node_zero : calls.by_workers).fetch_add(1, std::memory_order_relaxed);
}

void StartCounting() {
  for (Calls* calls : {&allocations, &locks}) calls->by_workers = calls->by_node_zero = 0;
  counting = true;
}

template <typename Lock>
int CountAndCall(const char* name, Lock* lock) {
  Count(locks);
  return reinterpret_cast<int (*)(Lock*)>(dlsym(RTLD_NEXT, name))(lock);
}

}  // namespace

extern "C" {
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* memory, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);

void* malloc(size_t bytes) {
  Count(allocations);
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  Count(allocations);
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, size_t bytes) {
  Count(allocations);
  return __libc_realloc(memory, bytes);
}
void* memalign(size_t alignment, size_t bytes) {
  Count(allocations);
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  Count(allocations);
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, size_t alignment, size_t bytes) {
  Count(allocations);
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}

int pthread_mutex_lock(pthread_mutex_t* lock) { return CountAndCall("pthread_mutex_lock", lock); }
int pthread_mutex_trylock(pthread_mutex_t* lock) { return CountAndCall("pthread_mutex_trylock", lock); }
int pthread_rwlock_rdlock(pthread_rwlock_t* lock) { return CountAndCall("pthread_rwlock_rdlock", lock); }
int pthread_rwlock_wrlock(pthread_rwlock_t* lock) { return CountAndCall("pthread_rwlock_wrlock", lock); }
}

namespace cllm::measure {
namespace {

// More items than threads, an uneven last one, and tiles that have to be re-laid.
Configuration Small() {
  return {"small", {.layers = 2, .heads = 2, .width = 32, .hidden = 88, .context = 16, .vocabulary = 300}, 19};
}

// Counts during `steps` steps after the first.
void CountSteps(const std::string& precision, const std::string& optimizer, size_t threads, uint64_t steps) {
  Result<StepOptions> options = StepOf(Small(), {precision, optimizer});
  CHECK(options.ok());
  options->dropout = 0.1f;
  auto run = MeasuredRun::Create(Small(), *options, threads);
  CHECK(run.ok() && (*run)->Step().ok());
  StartCounting();
  bool ok = true;
  for (uint64_t step = 0; step < steps; ++step) ok = (*run)->Step().ok() && ok;
  counting = false;
  CHECK(ok);
}

TEST(HotPath, StepsAfterTheFirst_NeitherAllocateNorLockOnWorkers) {
  for (const std::string& precision : Precisions()) {
    for (const char* optimizer : {"adamw", "muon"}) {
      for (const size_t threads : {1u, 2u, 5u}) {
        SCOPED_TRACE(precision + ", " + optimizer + ", threads " + std::to_string(threads));
        CountSteps(precision, optimizer, threads, 3);
        EXPECT_EQ(allocations.by_workers, 0u);
        EXPECT_EQ(allocations.by_node_zero, 0u);
        EXPECT_EQ(locks.by_workers, 0u);
        // Node Zero's own lock of a phase, which no worker takes: four phases a step.
        EXPECT_EQ(locks.by_node_zero, 3u * kStepPhases);
      }
    }
  }
}

// Decoding steps of four sequences on two leaves, while no cache grows by a page.
TEST(HotPath, DecodingStepsWithinAPage_NeitherAllocateNorLock) {
  constexpr size_t kSequences = 4, kSteps = 20;
  const ModelShape shape{.layers = 2, .heads = 4, .width = 256, .hidden = 688, .context = 64, .vocabulary = 300};
  Parameters values(shape);
  InitializeParameters(1, values);
  const Weights weights(std::move(values), Storage::kF32);
  const auto pool = Spheres::Start({.leaves = 2, .permits = 2});
  ASSERT_TRUE(pool.ok());
  Batch batch(weights, kSequences, pool->get());
  std::vector<KeyValueCache> caches(kSequences, KeyValueCache(shape));
  std::vector<SamplerScratch> scratch(batch.team_size(), SamplerScratch(shape.vocabulary));
  std::vector<Sampler> samplers(kSequences, Sampler(SamplerOptions()));
  std::array<uint32_t, kSequences> said{};
  std::array<BatchPart, kSequences> parts;
  std::atomic<size_t> members = 0;
  const Batch::AfterLogits choose = [&](const Team& team, std::span<const float> logits) {
    members.fetch_add(1, std::memory_order_relaxed);
    const Range share = team.Share(kSequences);
    for (size_t s = share.begin; s < share.end; ++s) {
      const auto row = logits.subspan(s * shape.vocabulary, shape.vocabulary);
      said[s] = samplers[s].Draw(row, {&said[s], 1}, {}, scratch[team.member]);
    }
  };
  const auto step = [&] {
    for (size_t s = 0; s < kSequences; ++s) parts[s] = {.cache = &caches[s], .tokens = {&said[s], 1}};
    batch.Step(parts, std::ref(choose));
  };
  step();
  members = 0;
  StartCounting();
  for (size_t i = 0; i < kSteps; ++i) step();
  counting = false;
  EXPECT_EQ(members, 2 * kSteps);  // a team decoded
  EXPECT_EQ(allocations.by_workers, 0u);
  EXPECT_EQ(allocations.by_node_zero, 0u);
  EXPECT_EQ(locks.by_workers, 0u);
  EXPECT_EQ(locks.by_node_zero, kSteps);  // Node Zero's own lock of a phase
}

// The control: each way to allocate and to lock is seen.
TEST(HotPath, Control_EveryWayIsCounted) {
  const auto allocate = [] {
    std::free(std::malloc(100));
    std::free(std::calloc(10, 10));
    std::free(std::realloc(nullptr, 100));
    std::free(std::aligned_alloc(64, 128));
    std::vector<char> vector(1000);
    asm volatile("" : : "r"(vector.data()) : "memory");
    struct alignas(128) Wide {
      std::array<char, 128> bytes;
    };
    auto* wide = new Wide();
    asm volatile("" : : "r"(wide) : "memory");
    delete wide;
  };
  std::mutex mutex;
  std::shared_mutex shared_mutex;
  const auto lock = [&] {
    { const std::scoped_lock plain(mutex); }
    if (mutex.try_lock()) mutex.unlock();
    std::unique_lock writing(shared_mutex);
    writing.unlock();
    std::shared_lock reading(shared_mutex);
  };
  auto spheres = Spheres::Start({.leaves = 1});
  ASSERT_TRUE(spheres.ok());
  const Spheres::Work work = [&](Leaf&, size_t) -> Status {
    allocate();
    lock();
    return {};
  };
  StartCounting();
  const Status status = (*spheres)->Run(3, work);
  allocate();
  counting = false;
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(allocations.by_workers, 3u * 6);
  EXPECT_EQ(allocations.by_node_zero, 6u);
  EXPECT_EQ(locks.by_workers, 3u * 4);
}

}  // namespace
}  // namespace cllm::measure
