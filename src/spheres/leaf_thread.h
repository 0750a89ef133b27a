#pragma once

namespace cllm {

// Prepares the calling thread to be a leaf:
// - its floating-point control register is the default (round to nearest, subnormals kept, no traps), whatever the
//   program or a library it loaded has set elsewhere, because results must not depend on it;
// - the signals that users send (SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2) go to other threads: Node Zero watches
// them.
void PrepareLeafThread();

}  // namespace cllm
