// A program of a few ranks for scripts/cluster: what the room offers, over MPI as it is.
//
//   mpirun -n N cluster_ranks exchange        messages of all sizes between all, a comparison, a text from rank 0
//   mpirun -n N cluster_ranks differ          rank 1 has another program: exit 3
//   mpirun -n N cluster_ranks silent SECONDS  the last rank stops itself (SIGSTOP); the others' patience: exit 1
//   mpirun -n N cluster_ranks wait SECONDS    they wait for each other for so long, for who kills one meanwhile
//   mpirun -n N cluster_ranks abort CODE      the last rank aborts
//   mpirun -n N cluster_ranks speed MIB       so much from each to each other, five times, checked; the median
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/system.h"
#include "cluster/await.h"
#include "cluster/connect.h"
#include "cluster/handshake.h"
#include "cluster/relay.h"

namespace {

using cllm::Communicator;
using cllm::Status;
using Bytes = std::vector<std::byte>;
using Channel = Communicator::Channel;

constexpr double kPatience = 60;

void Say(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

Bytes Pattern(size_t from, size_t to, size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 253 + from * 31 + to * 101);
  return bytes;
}

// Messages of that size between all ranks at once, each checked.
Status ExchangeOnce(Communicator& ranks, size_t size) {
  const cllm::Rank me = ranks.rank();
  std::vector<Bytes> sent(me.count), received(me.count);
  std::vector<Communicator::Ticket> tickets;
  for (size_t k = 1; k < me.count; ++k) {
    const size_t to = (me.index + k) % me.count, from = (me.index + me.count - k) % me.count;
    sent[to] = Pattern(me.index, to, size);
    received[from].resize(size + 1);
    tickets.push_back(ranks.Receive(from, Channel::kGradient, received[from]));
    tickets.push_back(ranks.Send(to, Channel::kGradient, sent[to]));
  }
  std::vector<size_t> sizes(tickets.size());
  CLLM_TRY(cllm::Await(ranks, tickets, kPatience, "a test", sizes));
  for (size_t k = 1; k < me.count; ++k) {
    const size_t from = (me.index + me.count - k) % me.count;
    received[from].resize(sizes[2 * (k - 1)]);
    if (received[from] != Pattern(from, me.index, size)) return cllm::Failed("a message is not what was sent");
  }
  return {};
}

Status Compare(Communicator& ranks, const std::string& program) {
  const std::vector<cllm::Fact> facts = {{"the program", program, "install the same everywhere"},
                                         {"numerics", "2", ""}};
  return cllm::Handshake(ranks, facts, kPatience);
}

Status RelayText(Communicator& ranks) {
  const Bytes text = Pattern(0, 0, 9'000'001);
  Bytes got;
  cllm::RelayEnds ends{.size = text.size(),
                       .read =
                           [&](std::span<std::byte> bytes) {
                             std::memcpy(bytes.data(), text.data() + got.size(), bytes.size());
                             got.insert(got.end(), bytes.begin(), bytes.end());
                             return Status();
                           },
                       .begin = [](uint64_t) { return Status(); },
                       .write =
                           [&](cllm::ByteView bytes) {
                             got.insert(got.end(), bytes.begin(), bytes.end());
                             return Status();
                           }};
  CLLM_TRY(cllm::Relay(ranks, ends, kPatience));
  return got == text ? Status() : cllm::Failed("the text is not what rank 0 has");
}

Status Exchange(Communicator& ranks) {
  for (const size_t size : {0u, 1u, 8u, 4000u, 65535u, 65536u, 65537u, 3u * 65536u, 5'000'000u})
    CLLM_TRY(ExchangeOnce(ranks, size));
  CLLM_TRY(Compare(ranks, "1"));
  CLLM_TRY(RelayText(ranks));
  Say(fmt::format("rank {} of {} on {} over {}: {} bytes sent, {} received", ranks.rank().index, ranks.rank().count,
                  ranks.host(ranks.rank().index), ranks.name(), ranks.bytes_sent(), ranks.bytes_received()));
  return {};
}

// A turn: a byte from each rank to the next.
Status Turn(Communicator& ranks, double patience_s) {
  const cllm::Rank me = ranks.rank();
  const std::byte mine{1};
  std::byte theirs{};
  const std::vector<Communicator::Ticket> tickets = {
      ranks.Receive((me.index + me.count - 1) % me.count, Channel::kOrders, {&theirs, 1}),
      ranks.Send((me.index + 1) % me.count, Channel::kOrders, {&mine, 1})};
  return cllm::Await(ranks, tickets, patience_s, "the turn");
}

Status Silent(Communicator& ranks, double patience_s) {
  CLLM_TRY(Turn(ranks, patience_s));
  if (ranks.rank().index + 1 == ranks.rank().count) kill(getpid(), SIGSTOP);
  return Turn(ranks, patience_s);
}

Status Wait(Communicator& ranks, double seconds) {
  Say(fmt::format("rank {} pid {}", ranks.rank().index, getpid()));
  // The number of turns is the same on all, whatever their clocks say.
  for (int turn = 0; turn < static_cast<int>(seconds * 100); ++turn) {
    CLLM_TRY(Turn(ranks, kPatience));
    usleep(10'000);
  }
  return {};
}

double ProcessorSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

Status Speed(Communicator& ranks, double mib) {
  const cllm::Rank me = ranks.rank();
  const size_t size = static_cast<size_t>(mib * 1048576);
  std::vector<Bytes> sent(me.count), received(me.count);
  for (size_t peer = 0; peer < me.count; ++peer) {
    if (peer == me.index) continue;
    sent[peer] = Pattern(me.index, peer, size);
    received[peer].resize(size);
  }
  std::vector<double> seconds;
  double cpu_s = 0;
  for (int round = 0; round < 5; ++round) {
    CLLM_TRY(Turn(ranks, kPatience));
    const double began = cllm::MonotonicSeconds(), cpu_began = ProcessorSeconds();
    std::vector<Communicator::Ticket> tickets;
    for (size_t k = 1; k < me.count; ++k) {
      const size_t to = (me.index + k) % me.count, from = (me.index + me.count - k) % me.count;
      tickets.push_back(ranks.Receive(from, Channel::kGradient, received[from]));
      tickets.push_back(ranks.Send(to, Channel::kGradient, sent[to]));
    }
    CLLM_TRY(cllm::Await(ranks, tickets, kPatience, "a measurement"));
    seconds.push_back(cllm::MonotonicSeconds() - began);
    cpu_s = ProcessorSeconds() - cpu_began;
  }
  for (size_t peer = 0; peer < me.count; ++peer) {
    if (peer != me.index && received[peer] != Pattern(peer, me.index, size)) return cllm::Failed("damaged bytes");
  }
  std::sort(seconds.begin(), seconds.end());
  if (me.first()) {
    Say(fmt::format("{} ranks, {} MiB from each to each: {:.1f} ms, {:.0f} Mbit/s each way, {:.0f} ms of the processor",
                    me.count, mib, 1e3 * seconds[2], 8e-6 * static_cast<double>(size * (me.count - 1)) / seconds[2],
                    1e3 * cpu_s));
  }
  return {};
}

Status Do(Communicator& ranks, const std::string& what, double number) {
  const cllm::Rank me = ranks.rank();
  if (what == "exchange") return Exchange(ranks);
  if (what == "differ") return Compare(ranks, me.index == 1 ? "2" : "1");
  if (what == "silent") return Silent(ranks, number);
  if (what == "wait") return Wait(ranks, number);
  if (what == "speed") return Speed(ranks, number);
  if (what != "abort") return cllm::Usage("unknown: " + what);
  if (me.index + 1 == me.count) ranks.Abort(static_cast<int>(number));
  return Turn(ranks, kPatience);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const auto launch = cllm::ReadLaunch(cllm::EnvironmentVariable);
  if (!launch.ok()) {
    Say(launch.status().message());
    return 2;
  }
  auto ranks = cllm::Connect(*launch, cllm::PluginDirectories());
  if (!ranks.ok()) {
    Say(ranks.status().message());
    return 2;
  }
  if (*ranks == nullptr) {
    Say("alone");
    return 0;
  }
  const Status status = Do(**ranks, argv[1], argc > 2 ? std::atof(argv[2]) : 0);
  if (status.ok()) return 0;
  Say(fmt::format("rank {}: {}", (*ranks)->rank().index, status.message()));
  if (status.code() == cllm::Code::kBadInput) return 3;  // all know it
  (*ranks)->Abort(1);
}
