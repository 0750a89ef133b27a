#include "run/pace_file.h"

#include <fmt/format.h>

#include <utility>

#include "base/bytes.h"
#include "run/run_config.h"
#include "store/config_file.h"

namespace cllm {

void PaceFile::Begin(const Schedule& schedule) {
  const std::vector<Breakpoint> before = std::exchange(choices_.pace, schedule.Pace());
  const std::optional<uint64_t> steps_before = choices_.steps;
  choices_.steps.reset();
  if (!schedule.open()) {
    choices_.steps = schedule.total();
    choices_.time_s.reset();
  }
  if (choices_.pace != before || choices_.steps != steps_before) Write();
}

void PaceFile::OnPace(const PaceEvent& event) {
  choices_.pace.push_back({event.until, event.fraction});
  if (event.fraction == 1) {
    choices_.steps = event.until;
    choices_.time_s.reset();
  }
  Write();
}

void PaceFile::Write() {
  const Status written = AtomicWriteFile(files_, path_, AsBytes(WriteConfig(ToEntries(choices_))));
  const bool failed_before = std::exchange(fails_, !written.ok());
  if (written.ok() || failed_before) return;
  notes_.OnNote({fmt::format("the run goes on, but its configuration cannot be brought up to date: {}",
                             written.message())});
}

}  // namespace cllm
