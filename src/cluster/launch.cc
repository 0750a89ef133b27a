#include "cluster/launch.h"

#include <fmt/format.h>

#include <charconv>

namespace cllm {
namespace {

// A count of ranks in a variable; 0: it is not set, or no such number.
size_t Count(const Environment& environment, const char* name) {
  const std::string text = environment(name).value_or("");
  size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  return error == std::errc() && end == text.data() + text.size() ? count : 0;
}

}  // namespace

Result<Launch> ReadLaunch(const Environment& environment) {
  if (const size_t ranks = Count(environment, "OMPI_COMM_WORLD_SIZE"); ranks > 0) return Launch{"mpirun", ranks};
  const size_t step = Count(environment, "SLURM_STEP_NUM_TASKS");
  if (environment("PMIX_RANK")) {
    const size_t ranks = step > 0 ? step : Count(environment, "SLURM_NTASKS");
    return ranks > 0 ? Launch{"srun", ranks} : Launch{"a launcher with PMIx", 0};
  }
  if (const size_t ranks = Count(environment, "PMI_SIZE"); ranks > 1) {
    if (step > 0) {
      return Usage(
          fmt::format("srun offers {} ranks PMI, expected PMIx, which Open MPI needs: srun --mpi=pmix", ranks));
    }
    return Usage(
        fmt::format("{} ranks were started by MPICH or a relative of it (Intel MPI), expected Open MPI, which this "
                    "program has a plugin for: use Open MPI's mpirun (Debian: mpirun.openmpi of openmpi-bin)",
                    ranks));
  }
  if (step > 1) {
    return Usage(
        fmt::format("srun started {} tasks without MPI, each of which would train alone: srun --mpi=pmix", step));
  }
  return Launch{};
}

Status CheckSize(const Launch& launch, size_t seen, const std::string& library) {
  if (launch.ranks == seen || launch.ranks == 0) return {};
  return Usage(
      fmt::format("{} started {} ranks, but {} sees {}: the launcher belongs to another MPI than the plugin, "
                  "expected that of the same installation",
                  launch.launcher, launch.ranks, library, seen));
}

Rank RankOfHost(const Communicator& ranks) {
  const Rank me = ranks.rank();
  const std::string host = ranks.host(me.index);
  Rank local{.index = 0, .count = 0};
  for (size_t rank = 0; rank < me.count; ++rank) {
    if (ranks.host(rank) != host) continue;
    if (rank < me.index) ++local.index;
    ++local.count;
  }
  return local;
}

std::optional<std::string> BindingNote(const Launch& launch, size_t threads, size_t cores_allowed) {
  if (launch.alone() || cores_allowed >= threads) return {};
  const bool slurm = launch.launcher == "srun";
  return fmt::format("{} has bound this rank to {} core{} for {} threads: {}", launch.launcher, cores_allowed,
                     cores_allowed == 1 ? "" : "s", threads,
                     slurm ? "ask for more with --cpus-per-task, or use --cpu-bind=none"
                           : "use --bind-to none, or --map-by with PE=N");
}

}  // namespace cllm
