#include "data/token_view.h"

#include <gtest/gtest.h>

#include <vector>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

template <typename Stored>
class TokenViewTest : public testing::Test {
 protected:
  const std::vector<Stored> stored_ = {7, 0, 299, 5, 300, 1};
  TokenView View(size_t vocabulary) const { return {stored_.data(), sizeof(Stored), stored_.size(), vocabulary}; }
};
using StoredTypes = testing::Types<uint16_t, uint32_t>;
TYPED_TEST_SUITE(TokenViewTest, StoredTypes);

TYPED_TEST(TokenViewTest, AnyRange_IsRead) {
  const TokenView view = this->View(301);
  EXPECT_EQ(view.size(), 6u);
  EXPECT_EQ(view.vocabulary(), 301u);
  for (size_t begin = 0; begin <= view.size(); ++begin) {
    for (size_t end = begin; end <= view.size(); ++end) {
      std::vector<uint32_t> read(end - begin);
      ASSERT_TRUE(view.Read(begin, read).ok());
      for (size_t i = 0; i < read.size(); ++i) {
        EXPECT_EQ(read[i], this->stored_[begin + i]);
        EXPECT_EQ(view[begin + i], read[i]);
      }
    }
  }
}

TYPED_TEST(TokenViewTest, TokenOutsideTheVocabulary_IsToldWhereItIsRead) {
  const TokenView view = this->View(300);
  std::vector<uint32_t> before(4), with(5);
  EXPECT_TRUE(view.Read(0, before).ok()) << "299 is inside, and 300 is not read";
  ExpectError(view.Read(1, with), Code::kBadInput, {"below 300", "found 300", "near token 1"});
}

TYPED_TEST(TokenViewTest, RangeBeyondTheEnd_IsABug) {
  std::vector<uint32_t> two(2);
  EXPECT_DEATH((void)this->View(301).Read(5, two).ok(), "size_ - start");
}

TEST(TokenView, OfNothing_IsEmpty) {
  EXPECT_EQ(TokenView().size(), 0u);
  EXPECT_TRUE(TokenView().Read(0, {}).ok());
}

}  // namespace
}  // namespace cllm
