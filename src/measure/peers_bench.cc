#include "measure/peers_bench.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "measure/measure.h"

extern char** environ;

namespace cllm::measure {
namespace {

constexpr uint64_t kPeersFormat = 2;
constexpr uint64_t kMaxPeersBytes = 1 << 20;

Result<std::vector<Peer>> PeersOf(const JsonObject& file, std::string_view kind, const std::string& path) {
  std::vector<Peer> peers;
  CLLM_ASSIGN(const std::vector<JsonObject> list, file.Objects(kind));
  for (const JsonObject& object : list) {
    Peer peer;
    CLLM_ASSIGN(peer.name, object.Text("name"));
    CLLM_ASSIGN(const JsonArray command, object.Array("command"));
    for (const JsonValue& word : command) {
      const auto* text = std::get_if<std::string>(&word.content());
      if (text == nullptr) return BadInput(fmt::format("{}: a word of {}'s command is not a string", path, peer.name));
      peer.command.push_back(*text);
    }
    if (peer.command.empty()) return BadInput(fmt::format("{}: the command of {} is empty", path, peer.name));
    peers.push_back(std::move(peer));
  }
  return peers;
}

// One measurement of training.
struct Speed {
  double tokens_per_s = 0, resident_mb = 0;
};

struct Task {
  std::string configuration, precision;
  size_t threads;
};

Result<Speed> SpeedOf(const JsonObject& measured) {
  Speed speed;
  CLLM_ASSIGN(speed.tokens_per_s, measured.Real("tokens_per_s"));
  CLLM_ASSIGN(speed.resident_mb, measured.Real("resident_mb"));
  return speed;
}

Result<Speed> Ours(const std::string& program, const Task& task, double seconds) {
  CLLM_ASSIGN(const std::string output,
              OutputOf({program, "bench", "train", "--config", task.configuration, "--precision", task.precision,
                        "--optimizer", "adamw", "--threads", std::to_string(task.threads), "--seconds",
                        fmt::format("{}", seconds), "--json"}));
  CLLM_ASSIGN(const JsonObject result, JsonObject::Parse(output, program));
  CLLM_ASSIGN(const std::vector<JsonObject> rows, result.Objects("rows"));
  if (rows.size() != 1) return Failed(fmt::format("{}: {} rows, expected one", program, rows.size()));
  return SpeedOf(rows.front());
}

Result<Speed> Theirs(const Peer& peer, const Task& task, double seconds) {
  std::vector<std::string> command = peer.command;
  for (const std::string& word :
       {std::string("--config"), task.configuration, std::string("--threads"), std::to_string(task.threads),
        std::string("--dtype"), task.precision, std::string("--seconds"), fmt::format("{}", seconds)}) {
    command.push_back(word);
  }
  CLLM_ASSIGN(const std::string output, OutputOf(command));
  CLLM_ASSIGN(const JsonObject result, JsonObject::Parse(output, peer.name));
  return SpeedOf(result);
}

struct Series {
  std::vector<double> tokens_per_s, resident_mb;
  void Add(const Speed& speed) {
    tokens_per_s.push_back(speed.tokens_per_s);
    resident_mb.push_back(speed.resident_mb);
  }
};

// Ours and one peer's in turn.
Status Measure(const Peer& peer, const std::string& program, const Task& task, const PeerOptions& options,
               Findings& findings) {
  Series ours, theirs;
  std::vector<double> ratios;
  for (size_t round = 0; round < options.rounds; ++round) {
    CLLM_ASSIGN(const Speed own, Ours(program, task, options.seconds));
    const Result<Speed> other = Theirs(peer, task, options.seconds);
    if (!other.ok()) {
      findings.notes.push_back(fmt::format("{}, {} of {}: left out: {}", peer.name, task.precision, task.configuration,
                                           other.status().message()));
      return {};
    }
    ours.Add(own);
    theirs.Add(*other);
    ratios.push_back(own.tokens_per_s / other->tokens_per_s);
  }
  const double own_mb = Median(ours.resident_mb), other_mb = Median(theirs.resident_mb);
  findings.table.Add({task.configuration, task.precision, task.threads, peer.name, Median(ours.tokens_per_s),
                      Median(theirs.tokens_per_s), Median(ratios), own_mb, other_mb, own_mb / other_mb});
  return {};
}

// What a command wrote into a pipe, read to its end; closes the pipe.
std::string Drain(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t n = read(descriptor, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(n));
  }
  close(descriptor);
  return text;
}

Status AddProducts(const Peer& peer, size_t rounds, Findings& findings) {
  std::vector<std::string> command = peer.command;
  command.push_back(std::to_string(rounds));
  CLLM_ASSIGN(const std::string output, OutputOf(command));
  CLLM_ASSIGN(const JsonObject result, JsonObject::Parse(output, peer.name));
  CLLM_ASSIGN(std::string name, result.Text("peer"));
  CLLM_ASSIGN(const std::string precision, result.Text("precision"));
  name += ", " + precision;
  CLLM_ASSIGN(const std::vector<JsonObject> rows, result.Objects("rows"));
  std::vector<double> ratios;
  for (const JsonObject& row : rows) {
    CLLM_ASSIGN(const std::string product, row.Text("product"));
    CLLM_ASSIGN(const double ours, row.Real("ours"));
    CLLM_ASSIGN(const double theirs, row.Real("peer"));
    CLLM_ASSIGN(const double ratio, row.Real("ratio"));
    if (!(ratio > 0))
      return Failed(fmt::format("{}: the ratio of {} is {}, expected more than 0", name, product, ratio));
    findings.table.Add({name, product, ours, theirs, ratio});
    ratios.push_back(ratio);
  }
  if (ratios.empty()) return Failed(fmt::format("{}: no products", name));
  const double mean = GeometricMean(ratios);
  findings.facts.push_back({"geometric_mean_" + precision, mean});
  findings.notes.push_back(
      fmt::format("{}: geometric mean of the ratios {:.3f}; one thread, median of {} paired rounds, "
                  "packing counted once a step",
                  name, mean, rounds));
  return {};
}

}  // namespace

Result<std::string> OutputOf(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return Failed(fmt::format("no pipe: {}", std::generic_category().message(errno)));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t process = 0;
  const int error = posix_spawnp(&process, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  const std::string output = Drain(ends[0]);
  if (error != 0)
    return Failed(fmt::format("{}: did not start: {}", command[0], std::generic_category().message(error)));
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return output;
  return Failed(fmt::format("`{}` ended with {}", fmt::join(command, " "),
                            WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status))
                                              : fmt::format("signal {}", WTERMSIG(status))));
}

Result<Peers> ReadPeers(const std::string& path) {
  CLLM_ASSIGN(const JsonObject file, JsonObject::ReadFrom(path, kMaxPeersBytes));
  CLLM_TRY(file.CheckFormat(kPeersFormat));
  Peers peers;
  CLLM_ASSIGN(peers.training, PeersOf(file, "training", path));
  CLLM_ASSIGN(peers.decoding, PeersOf(file, "decoding", path));
  CLLM_ASSIGN(peers.products, PeersOf(file, "products", path));
  CLLM_ASSIGN(const std::vector<JsonObject> missing, file.Objects("missing"));
  for (const JsonObject& one : missing) {
    CLLM_ASSIGN(const std::string name, one.Text("name"));
    CLLM_ASSIGN(const std::string reason, one.Text("reason"));
    peers.missing.push_back(fmt::format("{} is not measured: {}", name, reason));
  }
  return peers;
}

Result<Findings> BenchPeerTraining(const Peers& peers, const std::string& program, const PeerOptions& options) {
  using Kind = Column::Kind;
  Findings findings{.table = Table({{"config", "config", Kind::kText},
                                    {"precision", "precision", Kind::kText},
                                    {"threads", "threads", Kind::kWhole},
                                    {"peer", "peer", Kind::kText},
                                    {"tokens_per_s", "tokens/s", Kind::kWhole},
                                    {"peer_tokens_per_s", "peer's", Kind::kWhole},
                                    {"ratio", "ratio", Kind::kReal, 2},
                                    {"resident_mb", "MB", Kind::kReal},
                                    {"peer_resident_mb", "peer's", Kind::kReal},
                                    {"memory_ratio", "ratio", Kind::kReal, 2}})};
  for (const std::string& configuration : options.configurations) {
    for (const std::string& precision : options.precisions) {
      for (const size_t threads : options.threads) {
        for (const Peer& peer : peers.training) {
          CLLM_TRY(Measure(peer, program, {configuration, precision, threads}, options, findings));
        }
      }
    }
  }
  return findings;
}

Findings BenchPeerProducts(const Peers& peers, size_t rounds) {
  using Kind = Column::Kind;
  Findings findings{.table = Table({{"peer", "peer", Kind::kText},
                                    {"product", "product", Kind::kText},
                                    {"gflops", "GFLOP/s", Kind::kReal},
                                    {"peer_gflops", "peer's", Kind::kReal},
                                    {"ratio", "ratio", Kind::kReal, 3}})};
  for (const Peer& peer : peers.products) {
    if (const Status status = AddProducts(peer, rounds, findings); !status.ok()) {
      findings.notes.push_back(fmt::format("{}: left out: {}", peer.name, status.message()));
    }
  }
  return findings;
}

}  // namespace cllm::measure
