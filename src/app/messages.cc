#include "app/messages.h"

#include <unistd.h>

#include <cstdio>

#include "app/arguments/flag_names.h"
#include "terminal/wrap.h"

namespace cllm {
namespace {

constexpr size_t kIndent = 2;

}  // namespace

void PrintMessage(const std::string& text) {
  std::fprintf(stderr, "%s\n", Wrap(text, TerminalColumns(STDERR_FILENO), kIndent).c_str());
}

void PrintNote(const std::string& sentence) { PrintMessage("note: " + WithFlags(sentence)); }

}  // namespace cllm
