#include "api/entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

namespace cllm {
namespace {

using ::testing::HasSubstr;

TEST(EntryTest, EveryCode_HasItsKind) {
  EXPECT_EQ(ToError(Failed("a")).kind, ErrorKind::kFailed);
  EXPECT_EQ(ToError(Usage("a")).kind, ErrorKind::kBadOption);
  EXPECT_EQ(ToError(BadInput("a")).kind, ErrorKind::kBadInput);
  EXPECT_EQ(ToError(NoResources("a")).kind, ErrorKind::kNoResources);
  EXPECT_EQ(ToError(Diverged("words")).kind, ErrorKind::kDiverged);
  EXPECT_EQ(ToError(Diverged("words")).message, "words");
}

TEST(EntryTest, Exceptions_AreErrors) {
  const auto thrown = [](const auto& exception) {
    return Enter<int>([&]() -> Result<int> { throw exception; }).error();
  };
  EXPECT_EQ(thrown(std::bad_alloc()).kind, ErrorKind::kNoResources);
  const std::system_error no_thread(std::make_error_code(std::errc::resource_unavailable_try_again));
  EXPECT_EQ(thrown(no_thread).kind, ErrorKind::kNoResources);
  EXPECT_EQ(thrown(std::runtime_error("odd")).kind, ErrorKind::kFailed);
  EXPECT_THAT(thrown(std::runtime_error("odd")).message, HasSubstr("odd"));
  EXPECT_EQ(thrown(5).kind, ErrorKind::kFailed);
}

TEST(EntryTest, Value_ComesOut) {
  const Expected<std::string> value = Enter<std::string>([]() -> Result<std::string> { return std::string("yes"); });
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, "yes");
  EXPECT_EQ(value->size(), 3u);
  EXPECT_THROW((void)value.error(), std::bad_variant_access);
}

// Programs that are linked with -ffast-math flush denormals in every thread of theirs.
TEST(EntryTest, FloatControlOfTheCaller_IsSetAsideAndComesBack) {
  const FloatControlScope callers(kDefaultFloatControl | kFlushDenormals);
  FloatControl inside = 0;
  (void)Enter<int>([&]() -> Result<int> {
    inside = ReadFloatControl();
    return Failed("whatever comes of it");
  });
  EXPECT_EQ(inside & kFlushDenormals, 0u);
  EXPECT_EQ(ReadFloatControl() & kFlushDenormals, kFlushDenormals);
}

}  // namespace
}  // namespace cllm
