#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "base/testing/temporary_directory.h"

namespace cllm {

// A log as a training writes it, line by line, in a directory of its own.
class WrittenLog {
 public:
  const std::string& path() const { return path_; }
  const TemporaryDirectory& directory() const { return directory_; }
  const std::string& text() const { return text_; }

  WrittenLog& Line(const std::string& line) {
    text_ += line + "\n";
    return *this;
  }
  WrittenLog& Start(const std::string& kind = "run_start", uint64_t step = 0, double time = 0) {
    return Line(fmt::format(R"({{"event":"{}","format":1,"step":{},"steps":100,"parameters":5000,"vocabulary":256,)"
                            R"("processor":"a <P>","corpus":"book.txt","workers":2{}}})",
                            kind, step, Dated(time)));
  }
  // A step of a tenth of a second: 80 % items, 5 % reduction, 10 % update, 5 % packing.
  WrittenLog& Step(uint64_t step, double loss, double time = 0) {
    return Line(fmt::format(
        R"({{"step":{0},"tokens":{1},"loss":{2},"loss_token":{2},"loss_root":{3},"loss_form":0.5,"lr":0.01,)"
        R"("grad_norm":1.5,"tok_s":1000.0,"peak_share":0.5,"eta_s":{4},"items_s":0.08,"reduce_s":0.005,)"
        R"("update_s":0.01,"pack_s":0.005{5}}})",
        step, 100 * step, loss, loss - 0.25, 60.0, Dated(time)));
  }
  WrittenLog& Evaluation(uint64_t step, double nats, bool whole = false, bool best = false, double time = 0) {
    return Line(fmt::format(R"({{"event":"eval","step":{},"val_nats":{},"val_root":2.0,"val_form":0.5,)"
                            R"("bits_per_byte":{},"best":{},"whole":{},"tokens":{}{}}})",
                            step, nats, nats / 2, best, whole, whole ? 9000 : 500, Dated(time)));
  }
  WrittenLog& Event(const std::string& kind, uint64_t step, const std::string& rest = "", double time = 0) {
    return Line(
        fmt::format(R"({{"event":"{}","step":{}{}{}}})", kind, step, rest.empty() ? "" : "," + rest, Dated(time)));
  }

  // Writes all lines anew, or adds those since the last call, as a training does.
  const std::string& Write() {
    directory_.Write("log.jsonl", text_);
    written_ = text_.size();
    return path_;
  }
  const std::string& Append() {
    std::ofstream file(path_, std::ios::binary | std::ios::app);
    file << text_.substr(written_);
    written_ = text_.size();
    return path_;
  }

 private:
  static std::string Dated(double time) { return time == 0 ? "" : fmt::format(R"(,"time":{:.3f})", time); }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "log.jsonl";
  std::string text_;
  size_t written_ = 0;
};

}  // namespace cllm
