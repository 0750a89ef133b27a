// A cable with delay and rate between two network namespaces, where the kernel has no netem:
//
//   cable NAMESPACE NAMESPACE MICROSECONDS MBIT_S
//
// Each gets a TAP device wan0, 10.78.0.1 and 10.78.0.2, whose frames (up to 64 KiB, cut by whoever receives them)
// wait here. Prints "up", then carries on until it is ended. For tests; needs root.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr size_t kMostWaiting = 4 << 20;  // bytes; more wait in the sender's queue

int64_t Nanoseconds() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

int OpenEnd(const char* name) {
  const int own = open("/proc/self/ns/net", O_RDONLY),
            other = open((std::string("/run/netns/") + name).c_str(), O_RDONLY);
  if (own < 0 || other < 0 || setns(other, CLONE_NEWNET) != 0) {
    std::perror(name);
    std::exit(1);
  }
  const int end = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  ifreq request{};
  std::strcpy(request.ifr_name, "wan0");
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if (end < 0 || ioctl(end, TUNSETIFF, &request) != 0) {
    std::perror("/dev/net/tun");
    std::exit(1);
  }
  int header = 10;
  ioctl(end, TUNSETVNETHDRSZ, &header);
  ioctl(end, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4);
  setns(own, CLONE_NEWNET);
  close(own);
  close(other);
  return end;
}

// Carries frames one way.
void Carry(int in, int out, int64_t delay_ns, double ns_per_byte) {
  struct Frame {
    int64_t due;
    std::vector<char> bytes;
  };
  std::deque<Frame> frames;
  std::vector<char> buffer(70'000);
  int64_t sent = 0;  // when the last bit leaves
  size_t waiting = 0;
  while (true) {
    while (!frames.empty() && frames.front().due <= Nanoseconds()) {
      if (write(out, frames.front().bytes.data(), frames.front().bytes.size()) < 0) std::perror("write");
      waiting -= frames.front().bytes.size();
      frames.pop_front();
    }
    const int64_t pause = frames.empty() ? 1'000'000'000 : std::max<int64_t>(0, frames.front().due - Nanoseconds());
    const timespec timeout{pause / 1'000'000'000, pause % 1'000'000'000};
    const bool full = waiting > kMostWaiting;
    pollfd look{in, static_cast<short>(full ? 0 : POLLIN), 0};
    if (ppoll(&look, 1, &timeout, nullptr) <= 0 || full) continue;
    const ssize_t size = read(in, buffer.data(), buffer.size());
    if (size <= 0) continue;
    // As a wire carries it: packets of 1,448 bytes, each with headers and the gap of Ethernet.
    const int64_t packets = (size + 1447) / 1448, wire_bytes = size + 24 * packets + 66 * (packets - 1);
    sent = std::max(sent, Nanoseconds()) + static_cast<int64_t>(static_cast<double>(wire_bytes) * ns_per_byte);
    frames.push_back({sent + delay_ns, {buffer.begin(), buffer.begin() + size}});
    waiting += static_cast<size_t>(size);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const int first = OpenEnd(argv[1]), second = OpenEnd(argv[2]);
  for (int i = 0; i < 2; ++i) {
    const std::string on = std::string("ip -n ") + argv[1 + i];
    if (std::system((on + " addr add 10.78.0." + std::to_string(i + 1) + "/24 dev wan0").c_str()) != 0) return 1;
    if (std::system((on + " link set wan0 up").c_str()) != 0) return 1;
  }
  const auto delay = static_cast<int64_t>(std::atof(argv[3]) * 1000);
  const double ns_per_byte = 8e3 / std::atof(argv[4]);
  std::thread(Carry, first, second, delay, ns_per_byte).detach();
  std::puts("up");
  std::fflush(stdout);
  Carry(second, first, delay, ns_per_byte);
}
