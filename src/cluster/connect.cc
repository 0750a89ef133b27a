#include "cluster/connect.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "base/file.h"
#include "base/path.h"
#include "cluster/mpi/mpi_wire.h"
#include "cluster/mpi/plugin_table.h"
#include "cluster/piecewise_communicator.h"

namespace cllm {
namespace {

constexpr const char* kPlugin = "libcllm_openmpi.so";

Result<std::string> FindPlugin(const std::vector<std::string>& directories) {
  std::string searched;
  for (const std::string& directory : directories) {
    const std::string path = JoinPath(directory, kPlugin);
    if (PathExists(path)) return path;
    searched += (searched.empty() ? "" : " and ") + directory;
  }
  return Usage(
      fmt::format("{} is neither of the program's directories ({}), expected there for training on several ranks: "
                  "it is built where Open MPI is (Debian: libopenmpi-dev) when cllm is built",
                  kPlugin, searched));
}

// The library stays loaded until the process ends: MPI leaves threads and handlers behind.
Result<const CllmMpiTable*> LoadPlugin(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Usage(
        fmt::format("{} cannot be loaded ({}), expected Open MPI beside it (Debian: openmpi-bin)", path, dlerror()));
  }
  const auto plugin = reinterpret_cast<CllmMpiPlugin>(dlsym(library, CLLM_MPI_PLUGIN_SYMBOL));
  if (plugin == nullptr) return Usage(fmt::format("{} is no plugin of cllm: build or install it anew", path));
  const CllmMpiTable* const table = plugin();
  if (table->form != kCllmMpiForm) {
    return Usage(fmt::format("{} has form {}, expected {}: it belongs to another version of cllm", path, table->form,
                             kCllmMpiForm));
  }
  return table;
}

}  // namespace

std::vector<std::string> PluginDirectories() {
  std::array<char, 4096> path;
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return {CLLM_PLUGIN_DIRECTORY};
  const std::string beside = ParentPath(std::string(path.data(), static_cast<size_t>(size)));
  return {beside, JoinPath(beside, CLLM_PLUGIN_DIRECTORY)};
}

Result<std::unique_ptr<Communicator>> Connect(const Launch& launch, const std::vector<std::string>& directories) {
  if (launch.alone()) return std::unique_ptr<Communicator>();
  CLLM_ASSIGN(const std::string path, FindPlugin(directories));
  CLLM_ASSIGN(const CllmMpiTable* const table, LoadPlugin(path));
  CLLM_ASSIGN(MpiWire wire, MpiWire::Start(*table));
  CLLM_TRY(CheckSize(launch, wire.rank().count, wire.name()));
  if (wire.rank().alone()) return std::unique_ptr<Communicator>();
  return std::unique_ptr<Communicator>(
      std::make_unique<PiecewiseCommunicator>(std::make_unique<MpiWire>(std::move(wire))));
}

}  // namespace cllm
