#pragma once

#include <ostream>
#include <streambuf>
#include <vector>

#include "base/status.h"

// The descriptors 0, 1 and 2 as a process gets them from whoever starts it: open, closed, or leading to something that
// takes no more.
namespace cllm {

// Puts something on those of 0, 1 and 2 that are closed, so that no file which is opened later lands there: what is
// written to 2 goes nowhere, 0 and 1 refuse to be read and written, as closed ones do. Call it first.
void OccupyClosedDescriptors();

// While it lives, a stream (std::cout) writes to descriptor 1 through it; it remembers the first failure. Writes whole
// lines where that is a terminal, else blocks. One in a process, one thread at a time.
class PrintedOutput : public std::streambuf {
 public:
  // stream: outlives this; gets its former buffer back.
  explicit PrintedOutput(std::ostream& stream);
  ~PrintedOutput() override;
  PrintedOutput(const PrintedOutput&) = delete;
  PrintedOutput& operator=(const PrintedOutput&) = delete;

  // Writes what is left. Error (Failed): a sentence, where anything that was printed got lost.
  Status Finish();

 protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize bytes) override;
  int sync() override;

 private:
  std::ostream& stream_;
  std::streambuf* former_;
  bool by_lines_;
  std::vector<char> pending_;
  int error_ = 0;  // errno of the first failed write
};

// Whether something that this process wrote to standard error got lost.
bool ErrorOutputLost();

}  // namespace cllm
