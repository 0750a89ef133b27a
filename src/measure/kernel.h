#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "kernels/gemm/panels.h"

namespace cllm::measure {

// A kernel with operands of its own, ready to be checked and timed. One thread only.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void Run() = 0;
  // Makes the operands what they were before Run; not timed. Nothing to do for a kernel that overwrites its result.
  virtual void Restore() {}
  // Runs once and compares with the double-precision twin. Error: Failed, with the place and both values.
  virtual Status Check() = 0;
  virtual double flop() const = 0;       // of a run; 0 for a kernel that is measured by its bytes
  virtual double bytes() const = 0;      // read and written by a run, each once
  virtual std::string size() const = 0;  // for people: "512 x 1152 x 384"
};

// A kernel that can be made when its turn comes.
struct KernelSpec {
  std::string name;
  std::function<std::unique_ptr<Kernel>()> make;
  Precision precision = Precision::kFp32;  // of whose peak it takes a share
};

}  // namespace cllm::measure
