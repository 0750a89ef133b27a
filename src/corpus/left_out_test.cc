#include "corpus/left_out.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cllm {
namespace {

TEST(DescribeLeftOut, TellsLargestKindsFirst) {
  std::vector<LeftOut> many;
  for (int i = 0; i < 20; ++i) many.push_back({LeftOutReason::kBinary, "d/x.so", 10});
  for (int i = 0; i < 2; ++i) many.push_back({LeftOutReason::kBinary, "d/y.PNG", 1024});
  many.push_back({LeftOutReason::kEmpty, "d/e.txt"});
  EXPECT_EQ(DescribeLeftOut(many), "22 binary files (.png 2 and .so 20; 2.2 KiB), 1 empty file (d/e.txt)");
  std::vector<LeftOut> documents;
  for (const char* name : {"a.pdf", "b.pdf", "c.pdf", "d.docx", "e.pdf"}) {
    documents.push_back({LeftOutReason::kNeedsConversion, name, 0, std::string(name) + " is ..."});
  }
  EXPECT_EQ(DescribeLeftOut(documents),
            "5 documents to be converted first (a.pdf is ..., d.docx is ..., b.pdf, c.pdf and e.pdf)");
  EXPECT_EQ(DescribeLeftOut({}), "");
  EXPECT_EQ(NameSome({"a", "b", "c", "d", "e"}, 3), "a, b, c and 2 more");
  EXPECT_EQ(NameSome({"a", "b", "c", "d"}, 3), "a, b, c and d");
}

TEST(KindOfName, IsTheEndOfTheName_OrAllOfIt) {
  EXPECT_EQ(KindOfName("a.b/photo.tar.GZ"), ".gz");
  EXPECT_EQ(KindOfName("a.b/Makefile"), "makefile");
  EXPECT_EQ(KindOfName(".bashrc"), ".bashrc");
}

}  // namespace
}  // namespace cllm
