#include "app/chat/chat_greeting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm {
namespace {

using ::testing::HasSubstr;

TEST(ChatGreeting, ExpectationsGrowWithTheModel) {
  EXPECT_THAT(WhatToExpect(800'000), HasSubstr("in the manner of its text"));
  EXPECT_THAT(WhatToExpect(800'000), HasSubstr("knows no facts"));
  EXPECT_THAT(WhatToExpect(5'000'000), HasSubstr("a line or two"));
  EXPECT_THAT(WhatToExpect(135'000'000), HasSubstr("keeps to a subject"));
  EXPECT_THAT(WhatToExpect(1'100'000'000), HasSubstr("simple questions"));
  EXPECT_THAT(WhatToExpect(8'000'000'000), HasSubstr("Check what matters"));
  EXPECT_THAT(WhatToExpect(~uint64_t{0}), HasSubstr("Check what matters"));
}

}  // namespace
}  // namespace cllm
