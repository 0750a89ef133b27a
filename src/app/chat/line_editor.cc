#include "app/chat/line_editor.h"

#include <histedit.h>
#include <termios.h>
#include <unistd.h>
#include <utf8proc.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <utility>

#include "base/check.h"
#include "infer/text_stream.h"

namespace cllm {
namespace {

constexpr int kHistoryLines = 1000;
constexpr wchar_t kReplacement = 0xFFFD;

class Editor final : public LineInput {
 public:
  explicit Editor(Interrupts& interrupts) : interrupts_(interrupts) {
    // libedit shows and returns characters by the locale; ours are UTF-8.
    if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
    editor_.reset(el_init("cllm", stdin, stderr, stderr));
    history_.reset(history_init());
    CHECK(editor_ != nullptr && history_ != nullptr);
    HistEvent event;
    history(history_.get(), &event, H_SETSIZE, kHistoryLines);
    history(history_.get(), &event, H_SETUNIQUE, 1);
    el_set(editor_.get(), EL_CLIENTDATA, this);
    el_set(editor_.get(), EL_PROMPT, &Prompt);
    el_set(editor_.get(), EL_EDITOR, "emacs");
    el_set(editor_.get(), EL_HIST, history, history_.get());
    el_set(editor_.get(), EL_GETCFN, &ReadCharacter);
    // Else the terminal drops, with a Ctrl-C, what was written and not shown yet: the lines that answer it.
    el_set(editor_.get(), EL_SETTY, "-d", "+noflsh", nullptr);
    el_set(editor_.get(), EL_SETTY, "-x", "+noflsh", nullptr);
    el_source(editor_.get(), nullptr);
  }

  bool interactive() const override { return true; }

  Result<Event> Read(const std::string& prompt, std::string& line) override {
    prompt_ = prompt;
    woken_ = Interrupts::Woken::kInput;
    el_resize(editor_.get());  // the window may have changed while an answer was shown
    // Before the prompt: what is typed at it is then shown by the editor, not by the terminal as well.
    el_set(editor_.get(), EL_PREP_TERM, 1);
    int bytes = 0;
    const char* read = el_gets(editor_.get(), &bytes);
    if (read == nullptr || bytes <= 0) {
      if (woken_ == Interrupts::Woken::kInterrupt) tcflush(STDIN_FILENO, TCIFLUSH);  // of the line that is dropped
      std::fputc('\n', stderr);
      return woken_ == Interrupts::Woken::kInterrupt ? Event::kInterrupted : Event::kEnd;
    }
    line.assign(read, static_cast<size_t>(bytes));
    if (line.ends_with('\n')) line.pop_back();
    HistEvent event;
    if (!line.empty()) history(history_.get(), &event, H_ENTER, line.c_str());
    return Event::kLine;
  }

 private:
  static Editor& Of(EditLine* editor) {
    void* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<Editor*>(self);
  }
  static char* Prompt(EditLine* editor) { return Of(editor).prompt_.data(); }
  static int ReadCharacter(EditLine* editor, wchar_t* character) { return Of(editor).NextCharacter(*character); }

  // As libedit wants it: 1, 0 at the input's end, -1 with errno when something else came.
  int NextCharacter(wchar_t& character) {
    std::string bytes = std::exchange(kept_, {});
    while (bytes.empty() || UnfinishedCharacter(bytes) == bytes.size()) {
      unsigned char byte = 0;
      if (const int got = NextByte(byte); got != 1) return got;
      bytes += static_cast<char>(byte);
    }
    // What cut a character short is the next one's.
    if (bytes.size() > 1 && (bytes.back() & 0xC0) != 0x80) kept_ = bytes.substr(bytes.size() - 1);
    utf8proc_int32_t code = -1;
    utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()),
                     static_cast<utf8proc_ssize_t>(bytes.size()), &code);
    character = code < 0 ? kReplacement : static_cast<wchar_t>(code);
    return 1;
  }

  int NextByte(unsigned char& byte) {
    while ((woken_ = interrupts_.WaitFor(STDIN_FILENO)) != Interrupts::Woken::kInput) {
      if (woken_ != Interrupts::Woken::kShowAnew) {
        errno = EINTR;
        return -1;
      }
      el_resize(editor_.get());
      // libedit takes the line to be empty then.
      std::fputs("\r\033[J", stderr);
      el_set(editor_.get(), EL_REFRESH);
    }
    ssize_t count = 0;
    do count = read(STDIN_FILENO, &byte, 1);
    while (count < 0 && errno == EINTR);
    return static_cast<int>(count);
  }

  struct EndEditor {
    void operator()(EditLine* editor) const { el_end(editor); }
  };
  struct EndHistory {
    void operator()(History* past) const { history_end(past); }
  };

  Interrupts& interrupts_;
  std::string prompt_;
  std::string kept_;  // a byte that was read too early
  Interrupts::Woken woken_ = Interrupts::Woken::kInput;
  std::unique_ptr<History, EndHistory> history_;
  std::unique_ptr<EditLine, EndEditor> editor_;
};

}  // namespace

std::unique_ptr<LineInput> LineEditor(Interrupts& interrupts) { return std::make_unique<Editor>(interrupts); }

}  // namespace cllm
