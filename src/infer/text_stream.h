#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cllm {

// Text that arrives in pieces cut anywhere, handed on so that no well-formed UTF-8 character is split (bytes that
// belong to none go on as they are) and nothing of a stop string gets out. One worker only.
class TextStream {
 public:
  // Empty stop strings are ignored.
  explicit TextStream(std::vector<std::string> stops);

  // Adds bytes and returns what may be printed now; valid until the next call. REQUIRES: !stopped().
  std::string_view Append(std::string_view bytes);

  // Adds the last bytes and returns all that is left to print; valid until the next call. REQUIRES: !stopped().
  std::string_view Finish(std::string_view bytes);

  // The same where the text is broken off rather than ended: a character that is not finished is dropped.
  std::string_view BreakOff(std::string_view bytes);

  // A stop string is complete; the text ends before the first of them.
  bool stopped() const { return stopped_; }

  // All text, printed or held back.
  const std::string& text() const { return text_; }

 private:
  size_t FirstStop() const;
  size_t HeldForStops() const;
  std::string_view Release(size_t end);

  std::vector<std::string> stops_;
  std::string text_;
  size_t released_ = 0;  // bytes of text_ that were returned
  bool stopped_ = false;
};

// Bytes at the end of `text` that begin a well-formed UTF-8 character and do not finish it, 0 to 3
// (Unicode 15, table 3-7).
size_t UnfinishedCharacter(std::string_view text);

}  // namespace cllm
