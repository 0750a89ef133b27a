#include "run/ranked_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/path.h"
#include "base/resource_limits.h"
#include "cluster/handshake.h"
#include "cluster/launch.h"
#include "cluster/relay.h"
#include "corpus/cache_directory.h"
#include "run/resources.h"
#include "run/run_config.h"
#include "run/run_options.h"
#include "run/run_plan.h"
#include "text/tokenizer_file.h"
#include "train/step_proof.h"

namespace cllm {
namespace {

constexpr const char* kConfiguration = "the configuration of the first rank";

// All that makes a run, as texts.
struct RunTexts {
  std::string config, tokenizer, lattice, corpus, name, tokens;
};

// The time of a run and its goal, as a message.
struct RunTimes {
  bool timed = false, has_total = false;
  double seconds = 0, step_seconds = 0;
  uint64_t total = 0, expected_steps = 0;
};

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Status Compare(RankTeam& team, const std::vector<Fact>& facts) {
  return Handshake(team.ranks(), facts, team.patience_s());
}

Status ShareTexts(RankTeam& team, const PreparedRun& run, RunTexts& texts) {
  if (team.leads()) {
    texts = {.config = WriteConfig(ToEntries(run.choices)),
             .tokenizer = TokenizerJson(*run.tokenizer),
             .lattice = LatticeJson(*run.tokenizer),
             .corpus = run.corpus->corpus_hash().Hex(),
             .name = run.corpus->name(),
             .tokens = NameOf(run.corpus->file().path())};
  }
  for (std::string* text :
       {&texts.config, &texts.tokenizer, &texts.lattice, &texts.corpus, &texts.name, &texts.tokens}) {
    CLLM_TRY(team.ShareText(*text));
  }
  return {};
}

Status ShareTimes(RankTeam& team, std::optional<uint64_t>& total, PreparedRun& run) {
  RunTimes times;
  if (team.leads()) {
    times = {.timed = run.time.has_value(), .has_total = total.has_value(), .seconds = 0, .step_seconds = 0,
             .total = total.value_or(0), .expected_steps = run.expected_steps};
    if (run.time) times.seconds = run.time->seconds, times.step_seconds = run.time->step_seconds;
  }
  CLLM_TRY(team.Share(times));
  if (team.leads()) return {};
  run.expected_steps = times.expected_steps;
  if (times.has_total) total = times.total;
  // The first one's clock decides; this one's begins now.
  if (times.timed) {
    run.time = TimeBudget{.begin = run.clock(), .seconds = times.seconds, .step_seconds = times.step_seconds};
  }
  return {};
}

// Puts tokens that come from the first rank into the cache of this machine.
class ArrivingTokens {
 public:
  explicit ArrivingTokens(std::string path)
      : path_(std::move(path)), temporary_(fmt::format("{}.tmp-{}-ranks", path_, getpid())) {}
  ~ArrivingTokens() {
    if (!kept_) unlink(temporary_.c_str());
  }
  Status Begin() {
    out_.open(temporary_, std::ios::binary | std::ios::trunc);
    return out_ ? Status() : Wrong();
  }
  Status Write(ByteView bytes) {
    out_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return out_ ? Status() : Wrong();
  }
  Status Keep() {
    out_.close();
    PosixFileSystem files;
    if (!out_) return Wrong();
    CLLM_TRY(files.Rename(temporary_, path_));
    kept_ = true;
    return {};
  }

 private:
  Status Wrong() const { return Failed(fmt::format("{}: the text's tokens cannot be written", temporary_)); }

  const std::string path_, temporary_;
  std::ofstream out_;
  bool kept_ = false;
};

// The text's tokens: from the cache, else from the first rank, once for all who lack them.
Status FindTokens(RankTeam& team, const RunTexts& texts, PreparedRun& run) {
  Status found;
  CacheDirectory* kept = nullptr;
  std::optional<CacheDirectory> cache;
  const auto find = [&]() -> Status {
    CLLM_ASSIGN(PreparedCorpus corpus, FindPrepared(cache->path(), texts.corpus, *run.tokenizer, texts.name));
    run.corpus = std::make_unique<PreparedCorpus>(std::move(corpus));
    return {};
  };
  Status opened;
  if (!team.leads()) {
    Result<CacheDirectory> directory = CacheDirectory::Open(DefaultCacheDirectory());
    opened = directory.status();
    if (directory.ok()) cache.emplace(*std::move(directory));
    kept = cache ? &*cache : nullptr;
  }
  CLLM_TRY(team.Agree(opened));
  if (!team.leads()) found = find();
  const char lacks = found.ok() ? 0 : 1;
  CLLM_ASSIGN(const std::vector<char> all, team.Gather(lacks));
  if (std::ranges::none_of(all, [](char one) { return one != 0; })) return {};
  const RankTeam::LongWait sending(team);
  std::ifstream file;
  RelayEnds ends;
  std::optional<ArrivingTokens> arriving;
  if (team.leads()) {
    file.open(run.corpus->file().path(), std::ios::binary);
    file.seekg(0, std::ios::end);
    ends.size = static_cast<uint64_t>(std::max<std::streamoff>(0, file.tellg()));
    file.seekg(0);
    ends.read = [&](std::span<std::byte> bytes) {
      file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
      return file ? Status() : Failed(fmt::format("{}: cannot be read", run.corpus->file().path()));
    };
  } else {
    if (lacks != 0) arriving.emplace(JoinPath(kept->path(), NameOf(texts.tokens)));
    ends.begin = [&](uint64_t) { return arriving ? arriving->Begin() : Status(); };
    ends.write = [&](ByteView bytes) { return arriving ? arriving->Write(bytes) : Status(); };
  }
  Status relayed = Relay(team.ranks(), ends, team.patience_s()).status();
  if (relayed.ok() && arriving) relayed = arriving->Keep();
  if (relayed.ok() && arriving) relayed = find();
  return team.Agree(relayed);
}

Status TakeTexts(const RunTexts& texts, size_t threads, PreparedRun& run) {
  CLLM_ASSIGN(const std::vector<ConfigEntry> entries, ParseConfig(texts.config, kConfiguration));
  CLLM_TRY(ApplyEntries(entries, kConfiguration, run.choices));
  CLLM_ASSIGN(Tokenizer tokenizer, ParseTokenizer(texts.tokenizer, texts.lattice, "the tokenizer of the first rank"));
  run.tokenizer = std::make_unique<Tokenizer>(std::move(tokenizer));
  CLLM_ASSIGN(run.plan, PlanOf(run.choices, run.tokenizer->vocabulary()));
  run.plan.threads = threads;
  return {};
}

// What the run has become on each rank.
Status CompareRuns(RankTeam& team, const PreparedRun& run) {
  const Result<std::string> proof = StepProof(run.plan.step.precision);
  CLLM_TRY(team.Agree(proof.status()));
  return Compare(team,
                 {{"a small training", *proof,
                   run.plan.step.precision == Precision::kBf16
                       ? "processors of one kind (x86-64 or AArch64) have equal bits in bf16, all have them in fp32"
                       : "a processor counts wrong, or the programs differ"},
                  {"the text's tokens", run.corpus->corpus_hash().Hex(), "empty the caches (cllm doctor)"},
                  {"the tokenizer", run.tokenizer->hash().Hex(), "install the same program everywhere"}});
}

}  // namespace

Status CompareRanks(RankTeam& team, const std::string& program, const RunChoices& choices) {
  if (team.alone()) return {};
  std::vector<Fact> facts = {{"the program", program, "install the same version everywhere"},
                             {"numerics", std::to_string(kNumerics), "install the same version everywhere"}};
  for (const OptionSpec& option : RunOptions()) {
    if (option.name == "threads") continue;
    std::string value;
    for (const std::string& one : option.get(choices)) value += (value.empty() ? "" : " ") + one;
    facts.push_back({fmt::format("`{}`", option.name), value.empty() ? "not named" : value,
                     "name the same options for all ranks"});
  }
  return Compare(team, facts);
}

size_t ThreadsOfRank(const RankTeam& team) {
  if (team.alone()) return 0;
  const size_t local = RankOfHost(team.ranks()).count, usable = UsableCores();
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  // The launcher has shared them out already, or there is enough for all.
  if (usable * local <= static_cast<size_t>(std::max(1L, cores))) return 0;
  return std::max<size_t>(1, usable / local);
}

Status ShareRun(RankTeam& team, size_t threads, std::optional<uint64_t>& total, PreparedRun& run) {
  run.ranks = team.rank().count;
  if (team.alone()) return {};
  if (team.leads()) run.plan.threads = threads;
  RunTexts texts;
  CLLM_TRY(ShareTexts(team, run, texts));
  CLLM_TRY(team.Agree(team.leads() ? Status() : TakeTexts(texts, threads, run)));
  CLLM_TRY(ShareTimes(team, total, run));
  CLLM_TRY(FindTokens(team, texts, run));
  CLLM_ASSIGN(const std::vector<uint64_t> workers, team.Gather(uint64_t{threads == 0 ? UsableCores() : threads}));
  run.workers = std::accumulate(workers.begin(), workers.end(), uint64_t{0});
  run.memory = TrainingMemory(run.plan.shape, run.plan.step, run.plan.threads, run.ranks);
  CLLM_TRY(team.Agree(CheckRunMemory(run.memory)));
  return CompareRuns(team, run);
}

Result<std::unique_ptr<FollowedRun>> FollowedRun::Make(const PreparedRun& run, RankTeam& team, RunControl& control) {
  std::unique_ptr<FollowedRun> followed(new FollowedRun);
  auto trainer = Trainer::Create({.plan = run.plan,
                                  .run = "",
                                  .tokenizer = *run.tokenizer,
                                  .corpus = *run.corpus,
                                  .files = followed->files_,
                                  .observer = followed->nobody_,
                                  .control = control,
                                  .time = run.time,
                                  .clock = run.clock,
                                  .team = &team});
  CLLM_TRY(team.Agree(trainer.status()));
  followed->trainer_ = *std::move(trainer);
  return followed;
}

Result<std::unique_ptr<FollowedRun>> FollowedRun::Begin(const PreparedRun& run, RankTeam& team, RunControl& control) {
  CLLM_ASSIGN(std::unique_ptr<FollowedRun> followed, Make(run, team, control));
  CLLM_TRY(followed->trainer_->Begin(nullptr));
  return followed;
}

Result<std::unique_ptr<FollowedRun>> FollowedRun::Continue(const PreparedRun& run, std::optional<uint64_t> total,
                                                           RankTeam& team, RunControl& control) {
  CLLM_ASSIGN(std::unique_ptr<FollowedRun> followed, Make(run, team, control));
  CLLM_TRY(followed->trainer_->Continue("", total));
  return followed;
}

}  // namespace cllm
