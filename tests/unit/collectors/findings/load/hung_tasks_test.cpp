#include "tests/unit/collectors/findings/load/made_load.hpp"

namespace nodescope::findings {
namespace {

TEST(HungTasks, SpeaksOfMoreThanTen)
{
    made_load model;
    model.tasks.looked_at = 40;
    model.tasks.uninterruptible = 10;
    EXPECT_EQ(evidence_of(look_for_hung_tasks(model)), "0 findings");
    model.tasks.uninterruptible = 11;
    model.tasks.names = {"one", "two"};
    EXPECT_EQ(evidence_of(look_for_hung_tasks(model)), " tasks=11 looked_at=40 names=one, two");
}

}  // namespace
}  // namespace nodescope::findings
