#include "app/enough_stack.h"

#include <pthread.h>
#include <sys/resource.h>

#include <thread>

namespace cllm {
namespace {

bool MainThreadHasEnough() {
  rlimit limit{};
  return getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= kStackBytes;
}

void GiveThreadsEnough() {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

}  // namespace

int WithEnoughStack(const std::function<int()>& function) {
  GiveThreadsEnough();
  if (MainThreadHasEnough()) return function();
  int result = 0;
  std::thread([&] { result = function(); }).join();
  return result;
}

}  // namespace cllm
