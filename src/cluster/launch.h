#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/status.h"
#include "cluster/communicator.h"

namespace cllm {

// The value of a variable of the environment, if it is set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// What started this process, as the variables of the environment tell.
struct Launch {
  std::string launcher;  // "mpirun", "srun"; empty: somebody's shell
  size_t ranks = 1;      // that it says there are; alone: 1; 0: it does not say, MPI knows

  bool alone() const { return ranks == 1; }
};

// Error (usage): a launcher whose ranks would each believe to be alone, as it belongs to an MPI that this program has
// no plugin for, or to none.
Result<Launch> ReadLaunch(const Environment& environment);

// Error (usage), unless MPI sees the ranks that the launcher tells of: otherwise each would train alone, and all
// write into one directory.
Status CheckSize(const Launch& launch, size_t seen, const std::string& library);

// A rank's number among those of its host, and how many they are: they share its cores.
Rank RankOfHost(const Communicator& ranks);

// What is to be told where the launcher has bound this rank to fewer cores than its threads need: mpirun binds to one
// core each if not told otherwise. Nothing if it is as it should be.
std::optional<std::string> BindingNote(const Launch& launch, size_t threads, size_t cores_allowed);

}  // namespace cllm
