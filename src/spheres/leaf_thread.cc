#include "spheres/leaf_thread.h"

#include <csignal>
#include <cstdint>
#include <initializer_list>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace cllm {
namespace {

void ResetFloatControl() {
#if defined(__x86_64__)
  _mm_setcsr(0x1f80);  // MXCSR after reset: all exceptions masked, round to nearest, no FTZ, no DAZ
#elif defined(__aarch64__)
  asm volatile("msr fpcr, %0" : : "r"(uint64_t{0}));
#endif
}

void LeaveSignalsToOthers() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

void PrepareLeafThread() {
  ResetFloatControl();
  LeaveSignalsToOthers();
}

}  // namespace cllm
