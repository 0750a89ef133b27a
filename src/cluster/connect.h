#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "cluster/communicator.h"
#include "cluster/launch.h"

namespace cllm {

// Where the plugins lie: beside the program, or in the directory of libraries that it was installed with.
std::vector<std::string> PluginDirectories();

// The ranks that this process was started among. Null if it is alone, where nothing of MPI is touched: starting it
// would take half a second. MPI is started here, and ended with the communicator, once in a process. Error (usage):
// the launcher does not fit, or the plugin is missing or belongs to another build, with what to install.
Result<std::unique_ptr<Communicator>> Connect(const Launch& launch, const std::vector<std::string>& directories);

}  // namespace cllm
