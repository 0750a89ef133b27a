#include "terminal/process_streams.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/system.h"

namespace cllm {
namespace {

constexpr size_t kBlock = 1 << 16;

bool IsClosed(int descriptor) { return fcntl(descriptor, F_GETFD) < 0 && errno == EBADF; }

// Writes all of it to standard output. Returns 0 or an errno value.
int WriteAll(const char* text, size_t bytes) {
  while (bytes != 0) {
    const ssize_t written = write(STDOUT_FILENO, text, bytes);
    if (written >= 0) {
      text += written, bytes -= static_cast<size_t>(written);
    } else if (errno == EAGAIN) {  // whoever shares the pipe made it non-blocking
      pollfd ready{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

void OccupyClosedDescriptors() {
  // In this order, since open takes the lowest that is free. O_PATH: neither read nor write, and "/" is always there.
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (!IsClosed(descriptor)) continue;
    const int there = descriptor == STDERR_FILENO ? open("/dev/null", O_WRONLY) : -1;
    if (there < 0) (void)open("/", O_PATH);
  }
}

PrintedOutput::PrintedOutput(std::ostream& stream)
    : stream_(stream), former_(stream.rdbuf(this)), by_lines_(isatty(STDOUT_FILENO) != 0) {}

PrintedOutput::~PrintedOutput() {
  (void)sync();
  stream_.rdbuf(former_);
}

Status PrintedOutput::Finish() {
  (void)sync();
  if (error_ == 0) return {};
  return Failed(fmt::format("standard output: cannot write: {}", SystemErrorText(error_)));
}

PrintedOutput::int_type PrintedOutput::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char one = traits_type::to_char_type(c);
  return xsputn(&one, 1) == 1 ? c : traits_type::eof();
}

std::streamsize PrintedOutput::xsputn(const char* text, std::streamsize bytes) {
  if (error_ != 0) return 0;
  pending_.insert(pending_.end(), text, text + bytes);
  const bool line = by_lines_ && std::find(text, text + bytes, '\n') != text + bytes;
  if ((line || pending_.size() >= kBlock) && sync() != 0) return 0;
  return bytes;
}

int PrintedOutput::sync() {
  if (error_ == 0) error_ = WriteAll(pending_.data(), pending_.size());
  pending_.clear();
  return error_ == 0 ? 0 : -1;
}

bool ErrorOutputLost() { return std::ferror(stderr) != 0; }

}  // namespace cllm
