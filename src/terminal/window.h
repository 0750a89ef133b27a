#pragma once

#include <cstddef>

namespace cllm {

struct WindowSize {
  size_t columns = 0, rows = 0;
};

// Of the terminal that a descriptor is; zeros: it is none, or says nothing.
WindowSize WindowOf(int descriptor);

// Whether signs beyond ASCII, such as those of braille, are likely to be seen as they are: the locale says UTF-8, and
// the terminal is not one whose fonts end long before (the console of Linux, a dumb one).
bool TerminalShowsUnicode();

}  // namespace cllm
