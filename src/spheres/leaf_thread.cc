#include "spheres/leaf_thread.h"

#include <csignal>
#include <initializer_list>

#include "base/float_control.h"

namespace cllm {
namespace {

void LeaveSignalsToOthers() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

void PrepareLeafThread() {
  WriteFloatControl(kDefaultFloatControl);
  LeaveSignalsToOthers();
}

}  // namespace cllm
