#include "terminal/window.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

#include "base/system.h"

namespace cllm {

WindowSize WindowOf(int descriptor) {
  winsize size = {};
  if (isatty(descriptor) == 0 || ioctl(descriptor, TIOCGWINSZ, &size) != 0) return {};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

bool TerminalShowsUnicode() {
  const std::string terminal = EnvironmentVariable("TERM").value_or("dumb");
  if (terminal == "dumb" || terminal == "linux" || terminal.starts_with("vt")) return false;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string locale = EnvironmentVariable(name).value_or("");
    if (locale.empty()) continue;  // the next one decides
    const bool named = locale.find("UTF-8") != locale.npos || locale.find("utf8") != locale.npos ||
                       locale.find("utf-8") != locale.npos || locale.find("UTF8") != locale.npos;
    return named;
  }
  return false;
}

}  // namespace cllm
