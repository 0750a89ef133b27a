#include "base/thread_priority.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cllm {

// Linux knows a niceness for each thread, which it calls a process here. Nothing is lost where it is refused.
void LowerThreadPriority(int niceness) {
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), niceness);
}

}  // namespace cllm
