// The library as those have it who install it: the package, its headers, the examples.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <regex>
#include <sstream>

#include "base/testing/source_directory.h"
#include "program.h"

namespace cllm::testing {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

// What a command prints; both outputs, and a failure of the test if it fails.
std::string Shell(const std::string& command) {
  std::string text;
  FILE* const pipe = popen(("(" + command + ") 2>&1").c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::array<char, 4096> buffer;
  for (size_t count; (count = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) text.append(buffer.data(), count);
  EXPECT_EQ(pclose(pipe), 0) << command << "\n" << text;
  return text;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> Headers() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(SourceDirectory() + "/include/cllm")) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

std::string InstalledIn(const Sandbox& box) {
  Shell(std::string(CLLM_CMAKE) + " --install " CLLM_BUILD " --prefix " + box.path("first/prefix"));
  // It is not bound to the place that it was installed in.
  fs::rename(box.path("first"), box.path("moved"));
  return box.path("moved/prefix");
}

std::string WeightsOf(const Sandbox& box, const std::string& model) {
  const std::string text = box.Run({"inspect", model, "--json"}).out;
  std::smatch found;
  EXPECT_TRUE(std::regex_search(text, found, std::regex("\"weights_xxh3\":\"([0-9a-f]{32})\""))) << text;
  return found[1];
}

TEST(Library, InstalledPackage_BuildsTheExamples_WhichWork) {
  const Sandbox box;
  const std::string prefix = InstalledIn(box), build = box.path("examples");
  EXPECT_TRUE(Exists(prefix + "/share/man/man1/cllm.1"));
  EXPECT_THAT(Shell(prefix + "/bin/cllm --version"), HasSubstr("cllm"));
  EXPECT_EQ(Shell("grep -rlE '" + SourceDirectory() + "|" CLLM_BUILD "|" + box.path("first") + "' " + prefix +
                  "/lib/cmake " + prefix + "/include || true"),
            "");
  Shell(std::string(CLLM_CMAKE) + " -G Ninja -S " + SourceDirectory() + "/examples -B " + build +
        " -DCMAKE_PREFIX_PATH=" + prefix + " -DCMAKE_CXX_FLAGS='-Wall -Wextra -Wpedantic -Wconversion -Werror'");
  Shell(std::string(CLLM_CMAKE) + " --build " + build + " -j2");

  const std::string text = box.Write("book.txt", SomeText(20'000));
  const std::string in_box = "cd " + box.path("") + " && CLLM_CACHE=" + box.path("cache") + " " + build + "/";
  const std::string trained = Shell(in_box + "train_and_generate book.txt 'the river' 3");
  EXPECT_THAT(trained, HasSubstr("step 3: "));
  EXPECT_THAT(Shell(in_box + "evaluate book.txt runs/book-1 runs/book-1@latest"), HasSubstr("runs/book-1@latest: "));
  const std::vector<std::string> continued =
      Lines(Shell("printf 'the river\\nnobody\\n' | (" + in_box + "batch runs/book-1)"));
  ASSERT_EQ(continued.size(), 2u);
  EXPECT_TRUE(continued[0].starts_with("the river")) << continued[0];
  EXPECT_TRUE(continued[1].starts_with("nobody")) << continued[1];
  EXPECT_THAT(Shell(in_box + "export runs/book-1 book.gguf"), HasSubstr("book.gguf: "));
  EXPECT_EQ(ReadAll(box.path("book.gguf")).substr(0, 4), "GGUF");
  EXPECT_THAT(Shell(in_box + "evaluate book.txt runs/none || true"), HasSubstr("runs/none: "));

  EXPECT_EQ(box.Run({"train", text, "--steps", "3", "--out", "program"}).exit_code, 0);
  EXPECT_EQ(WeightsOf(box, "program@latest"), WeightsOf(box, "runs/book-1@latest"));
}

TEST(Library, BuildTree_IsAPackageToo_AndOtherVersionsAreRefused) {
  const Sandbox box;
  box.Write("CMakeLists.txt",
            "cmake_minimum_required(VERSION 3.25)\nproject(user LANGUAGES CXX)\n"
            "find_package(cllm 0.2 QUIET)\nif(cllm_FOUND)\n  message(FATAL_ERROR \"0.2 is another version\")\nendif()\n"
            "find_package(cllm 0.1 REQUIRED)\nadd_executable(user user.cc)\ntarget_link_libraries(user cllm::cllm)\n");
  box.Write("user.cc",
            "#include <cllm/version.h>\n#include <cstdio>\nint main() { std::puts(cllm::Version().c_str()); }\n");
  Shell(std::string(CLLM_CMAKE) + " -G Ninja -S " + box.path("") + " -B " + box.path("build") +
        " -DCMAKE_PREFIX_PATH=" CLLM_BUILD);
  Shell(std::string(CLLM_CMAKE) + " --build " + box.path("build"));
  EXPECT_EQ(Shell(box.path("build/user")), "0.1.0\n");
}

TEST(Library, Guide_ShowsTheExampleAsItIs) {
  const std::string guide = ReadAll(SourceDirectory() + "/docs/library.md");
  std::string shown;
  const std::vector<std::string> lines = Lines(ReadAll(SourceDirectory() + "/examples/train_and_generate.cc"));
  for (const std::string& line : lines) shown += (line.empty() ? "" : "    " + line) + "\n";
  EXPECT_THAT(guide, HasSubstr(shown));
  EXPECT_LT(lines.size(), 40u);
}

class PublicHeaders : public ::testing::TestWithParam<const char*> {};

TEST_P(PublicHeaders, CompileAlone) {
  for (const std::string& header : Headers()) {
    Shell("echo '#include <cllm/" + header + ">' | " + GetParam() +
          " -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only -x c++ -I " +
          SourceDirectory() + "/include -");
  }
}
INSTANTIATE_TEST_SUITE_P(Compilers, PublicHeaders, ::testing::Values("g++", "clang++"));

TEST(Library, PublicHeaders_IncludeTheLanguagesOwnAlone) {
  for (const std::string& header : Headers()) {
    for (const std::string& line : Lines(ReadAll(SourceDirectory() + "/include/cllm/" + header))) {
      if (!line.starts_with("#include")) continue;
      EXPECT_TRUE(std::regex_match(line, std::regex("#include (<[a-z_]+>|\"cllm/[a-z_]+\\.h\")")))
          << header << ": " << line;
    }
  }
}

TEST(Library, Symbols_AreThePublicOnes) {
  const std::vector<std::string> symbols =
      Lines(Shell("nm -DC --defined-only --format=posix " CLLM_BUILD "/src/api/libcllm.so"));
  EXPECT_GT(symbols.size(), 20u);
  for (const std::string& symbol : symbols) EXPECT_TRUE(symbol.starts_with("cllm::api::")) << symbol;
}

}  // namespace
}  // namespace cllm::testing
