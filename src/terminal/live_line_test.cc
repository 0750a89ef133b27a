#include "terminal/live_line.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace cllm {
namespace {

TEST(LineWriter, TheSameLine_IsNotWrittenAgain) {
  LineWriter line(true);
  EXPECT_EQ(line.Rewrite("step 1", 40), "\r\033[Kstep 1");
  EXPECT_EQ(line.Rewrite("step 1", 40), "");
  EXPECT_EQ(line.Rewrite("step 2", 40), "\r\033[Kstep 2");
  EXPECT_EQ(line.Rewrite("step 2", 50), "\r\033[Kstep 2");
}

TEST(LineWriter, ASmallerWindow_HasBrokenTheLine) {
  LineWriter line(true);
  (void)line.Rewrite(std::string(79, 'x'), 80);
  EXPECT_EQ(line.Rewrite("short", 40), "\033[1A\r\033[Jshort");
  (void)line.Rewrite(std::string(79, 'x'), 80);
  EXPECT_EQ(line.Erase(20), "\033[3A\r\033[J");
  (void)line.Rewrite(std::string(30, 'x'), 80);
  EXPECT_EQ(line.Erase(40), "\r\033[K");  // it still fits
}

TEST(LineWriter, ATerminalThatOnlyCuts_HasItInOneRow) {
  LineWriter line(false);
  (void)line.Rewrite(std::string(79, 'x'), 80);
  EXPECT_EQ(line.Rewrite("short", 40), "\r\033[Kshort");
}

TEST(LineWriter, WideCharactersTakeTwoColumnsOfTheBrokenLine) {
  LineWriter line(true);
  (void)line.Rewrite("日本語日本語日本語日本語", 40);  // 24 columns
  EXPECT_EQ(line.Erase(12), "\033[1A\r\033[J");
}

TEST(LineWriter, WhatIsErasedOrLeft_IsNoLongerThere) {
  LineWriter line(true);
  EXPECT_EQ(line.Erase(40), "");
  EXPECT_EQ(line.Leave(), "");
  (void)line.Rewrite("step 1", 40);
  EXPECT_TRUE(line.open());
  EXPECT_EQ(line.Leave(), "\n");
  EXPECT_FALSE(line.open());
  EXPECT_EQ(line.Erase(40), "");
}

TEST(TerminalReflows, AsTheEnvironmentTells) {
  for (const char* name : {"TMUX", "STY", "XTERM_VERSION"}) unsetenv(name);
  setenv("TERM", "xterm-256color", 1);
  EXPECT_TRUE(TerminalReflows());
  setenv("XTERM_VERSION", "XTerm(379)", 1);
  EXPECT_FALSE(TerminalReflows());
  setenv("TMUX", "/tmp/tmux-0/default,1,0", 1);
  EXPECT_TRUE(TerminalReflows());
  unsetenv("TMUX"), unsetenv("XTERM_VERSION");
  setenv("STY", "123.pts", 1);
  EXPECT_FALSE(TerminalReflows());
  unsetenv("STY");
  setenv("TERM", "linux", 1);
  EXPECT_FALSE(TerminalReflows());
}

}  // namespace
}  // namespace cllm
