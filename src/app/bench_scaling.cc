#include "app/bench_scaling.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "app/arguments/command_line.h"
#include "app/bench_output.h"
#include "app/prompts.h"
#include "base/file.h"
#include "base/path.h"
#include "base/units.h"
#include "corpus/source_file.h"
#include "measure/measure.h"
#include "measure/scaling_bench.h"
#include "measure/scaling_page.h"
#include "measure/seeded_text.h"
#include "spheres/spheres.h"
#include "store/file_system.h"

namespace cllm {
namespace {

constexpr uint64_t kTextSeed = 1;
constexpr size_t kTextBytes = 200'000;

// What the small model learns: the beginning of a file, or a text made here, so that it works anywhere.
Result<std::string> TextToLearn(const std::string& path) {
  if (path.empty()) return measure::SeededText(kTextSeed, kTextBytes);
  if (path == kStandardInput) {
    CLLM_ASSIGN(const std::string piped, ReadInput(path));
    return piped.substr(0, measure::kMostLearnedBytes);
  }
  CLLM_ASSIGN(const MappedFile file, MappedFile::Open(path));
  return std::string(AsText(file.bytes()).substr(0, measure::kMostLearnedBytes));
}

// The report as files: scaling.txt, scaling.json, scaling.html.
Status WriteReport(const std::string& directory, const measure::ScalingResult& result,
                   const measure::Findings& findings) {
  PosixFileSystem files;
  CLLM_TRY(files.MakeDirectory(directory));
  const std::string when = fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr)));
  const std::string page = measure::ScalingPage(result, findings, fmt::format("{}, {}", MachineLine(), when));
  const auto write = [&](const std::string& name, const std::string& content) {
    return AtomicWriteFile(files, JoinPath(directory, name), AsBytes(content));
  };
  CLLM_TRY(write("scaling.txt", FindingsText(findings)));
  CLLM_TRY(write("scaling.json", FindingsJson("scaling", findings)));
  return write("scaling.html", page);
}

}  // namespace

Outcome BenchScaling(const Arguments& arguments) {
  CommandLine line("bench scaling",
                   "The same training on different numbers of threads: speed, processor time, memory, one hash of the "
                   "weights; a small model that must learn; what more cores would give. scaling.txt, scaling.json and "
                   "scaling.html go to --out.",
                   "cllm bench scaling --out report\n  cllm bench scaling --config b --threads 1,2,63 --batch 63");
  std::string text, config = "a", threads = "1,2,4,8,16,32,63", limit = "7m", out;
  measure::ScalingOptions options;
  options.precision = measure::Precisions().front();
  options.optimizer = "adamw";
  uint64_t batch = 128, context = 256;
  bool json = false;
  line.AddText("TEXT", text, "a text file that the small model learns; - for standard input [one made from a seed]");
  line.AddText("--config a|b|c", config, "configuration a, b or c of docs/performance.md [a]");
  line.AddText("--threads LIST", threads, fmt::format("numbers of worker threads [{}]", threads));
  line.AddWhole("--context", context, 1, 65536, "tokens of a sequence [256]");
  line.AddWhole("--batch", batch, 1, 65536, "sequences a step [128]");
  line.AddWhole("--item", options.item, 1, 65536, "sequences of a work item [1]");
  line.AddWhole("--steps", options.steps, measure::kMinRounds, 1'000'000, "steps that are measured, at most [7]");
  line.AddWhole("--learn-steps", options.learn_steps, 0, 1'000'000, "steps of the small model; 0: without it [200]");
  line.AddText("--limit TIME", limit, fmt::format("time for all, such as 3m: fewer steps then, {} at least [{}]",
                                             measure::kMinRounds, limit));
  line.AddText("--precision fp32|bf16", options.precision, fmt::format("precision [{}]", options.precision));
  line.AddText("--optimizer adamw|muon", options.optimizer, "optimizer: adamw or muon [adamw]");
  line.AddText("--out DIR", out, "directory for the report as files");
  line.AddFlag("--json", json, "the result as JSON");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_ASSIGN(const std::vector<measure::Configuration> found, measure::FindConfigurations(config));
  if (found.size() != 1) return Usage(fmt::format("--config is '{}', expected one configuration", config));
  options.configuration = found.front();
  options.configuration.batch = batch;
  options.configuration.model.context = context;
  CLLM_ASSIGN(options.threads, measure::SplitCounts("threads", threads, kMaxLeaves));
  const Result<double> seconds = ParseDuration(limit);
  if (!seconds.ok()) return Usage("--limit: " + seconds.status().message());
  options.limit_s = *seconds;
  CLLM_ASSIGN(options.text, TextToLearn(text));
  CLLM_ASSIGN(const measure::ScalingResult result, measure::MeasureScaling(options));
  const measure::Findings findings = measure::ScalingFindings(result);
  PrintFindings("scaling", findings, json);
  if (!out.empty()) CLLM_TRY(WriteReport(out, result, findings));
  if (!result.failures.empty()) return Failed(result.failures.front());
  return {};
}

}  // namespace cllm
