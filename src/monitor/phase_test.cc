#include "monitor/phase.h"

#include <gtest/gtest.h>

#include <vector>

namespace cllm {
namespace {

class Keeper : public RunObserver {
 public:
  void OnPhase(const PhaseEvent& event) override { events.push_back(event); }
  std::vector<PhaseEvent> events;
};

TEST(Phase, TellsItsStartItsSharesAndItsEnd) {
  Keeper keeper;
  {
    Phase phase(keeper, "reading");
    phase.Done(0.5);
  }
  ASSERT_EQ(keeper.events.size(), 3u);
  EXPECT_EQ(keeper.events[0].name, "reading");
  EXPECT_LT(keeper.events[0].share, 0);
  EXPECT_EQ(keeper.events[1].name, "reading");
  EXPECT_EQ(keeper.events[1].share, 0.5);
  EXPECT_EQ(keeper.events[2].name, "");
}

}  // namespace
}  // namespace cllm
