// Measures what a log of many steps costs its readers: to read it, to see its newest part, to open it by its index, to
// look at a part of it.
//
//   history_bench DIRECTORY [STEPS]      1,000,000 steps unless said; about 430 bytes each are written to DIRECTORY
//
// Each figure is the median of five; what is read is checked against what was written.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "base/system.h"
#include "history/followed_history.h"
#include "history/run_facts.h"

namespace {

double LossOf(uint64_t step) {
  return 3 + 100.0 / static_cast<double>(step + 20) + 0.1 * cllm::UnitDouble(cllm::Mix64(step));
}

std::string StepLine(uint64_t step) {
  const double loss = LossOf(step), noise = cllm::UnitDouble(cllm::Mix64(step + 7));
  return fmt::format(
      R"({{"step":{},"tokens":{},"loss":{},"loss_token":{},"loss_root":{},"loss_form":{},"lr":{},"grad_norm":{},)"
      R"("tok_s":{},"peak_share":{},"eta_s":{},"items_s":{},"reduce_s":{},"update_s":{},"pack_s":{},)"
      R"("elapsed_s":{},"time":{:.3f}}})"
      "\n",
      step, 1024 * step, loss, loss * 0.87, loss * 0.8, loss * 0.2, 0.01 / (1 + noise), 1 + noise, 10'000 + noise,
      0.4 + noise / 10, 1e6 - noise, 0.09 + noise / 100, 0.001 + noise / 1000, 0.006 + noise / 1000,
      0.0004 + noise / 10'000, 0.1 * static_cast<double>(step) + noise / 10, 1.7e9 + 0.1 * static_cast<double>(step));
}

void WriteLog(const std::string& path, uint64_t steps) {
  std::ofstream file(path, std::ios::binary);
  file << R"({"event":"run_start","format":1,"step":0,"steps":)" << steps
       << R"(,"vocabulary":1024,"time":1700000000.0})"
       << "\n";
  for (uint64_t step = 1; step <= steps; ++step) {
    file << StepLine(step);
    if (step % 1000 != 0) continue;
    file << fmt::format(R"({{"event":"eval","step":{},"val_nats":{},"val_root":2.5,"val_form":0.5,"bits_per_byte":{},)"
                        R"("best":true,"whole":false,"tokens":4096}})"
                        "\n",
                        step, LossOf(step), LossOf(step) / 2);
    file << fmt::format(R"({{"event":"sample","step":{},"text":"{}"}})"
                        "\n",
                        step, std::string(300, 'x'));
  }
  CHECK(file.good());
}

double ProcessorSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Milliseconds of the clock and, for machines that others use, of the processor: the medians of five.
void Measure(const char* what, const std::function<void()>& work) {
  std::vector<double> times, processor;
  for (int i = 0; i < 5; ++i) {
    const double begin = cllm::MonotonicSeconds(), used = ProcessorSeconds();
    work();
    times.push_back(1000 * (cllm::MonotonicSeconds() - begin));
    processor.push_back(1000 * (ProcessorSeconds() - used));
  }
  std::sort(times.begin(), times.end());
  std::sort(processor.begin(), processor.end());
  fmt::print("{:<52} {:>9.1f} ms   ({:.1f} to {:.1f})   processor {:.1f} ms\n", what, times[2], times.front(),
             times.back(), processor[2]);
}

void Check(const cllm::RunHistory& history, uint64_t steps) {
  CHECK(history.steps() == steps && history.whole() && history.at_end());
  const cllm::Envelope curve = history.Curve("loss", cllm::Axis::kStep, {.from = 500, .to = 600});
  CHECK(curve.x.size() == 101 && curve.last[50] == LossOf(550));
}

void Run(const std::string& directory, uint64_t steps) {
  const std::string path = directory + "/log.jsonl", cache = directory + "/cache";
  const cllm::HistoryOptions indexed{.cache = cache};
  WriteLog(path, steps);
  fmt::print("{} steps, {:.1f} MB\n", steps, static_cast<double>(std::filesystem::file_size(path)) / 1e6);
  Measure("reading all of it, without an index", [&] { Check(*cllm::ReadRunHistory(path), steps); });
  Measure("newest part shown, without an index", [&] {
    const auto newest = *cllm::RunHistory::OpenNewest(path, uint64_t{8} << 20);
    CHECK(newest.LastPlace(cllm::Axis::kStep) == static_cast<double>(steps));
  });
  Measure("reading all of it and writing the index", [&] {
    std::filesystem::remove_all(cache);
    Check(*cllm::ReadRunHistory(path, indexed), steps);
  });
  Measure("opening it by its index", [&] { Check(*cllm::ReadRunHistory(path, indexed), steps); });
  Measure("the same, as it is followed, with a curve", [&] {
    const auto followed = *cllm::FollowedHistory::Open(path, indexed);
    followed->With([&](const cllm::RunHistory& history) {
      Check(history, steps);
      CHECK(history.Curve("loss", cllm::Axis::kStep).total == steps);
    });
  });
  const cllm::RunHistory history = *cllm::ReadRunHistory(path, indexed);
  const double all = static_cast<double>(steps);
  for (const cllm::Axis axis : {cllm::Axis::kStep, cllm::Axis::kSeconds, cllm::Axis::kTime}) {
    const double scale = axis == cllm::Axis::kStep ? 1 : 0.1, origin = axis == cllm::Axis::kTime ? 1.7e9 : 0;
    Measure(fmt::format("a curve over all of it, 1,000 points, by {}", NameOf(axis)).c_str(),
            [&] { CHECK(history.Curve("loss", axis).total == steps); });
    Measure(fmt::format("a tenth of it, 4,000 points, by {}", NameOf(axis)).c_str(), [&] {
      const cllm::Window window{.from = origin + 0.4 * all * scale, .to = origin + 0.5 * all * scale};
      CHECK(history.Curve("loss", axis, window, 4000).x.size() > 3000);
    });
  }
  Measure("what it all means (alerts, limits)", [&] { CHECK(cllm::FactsOf(history, 1.7e9, true).step == steps); });
  fmt::print("resident: {:.1f} MB\n", static_cast<double>(cllm::ReadProcessMemory().resident) / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: history_bench DIRECTORY [STEPS]\n");
    return 2;
  }
  Run(argv[1], argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000);
}
