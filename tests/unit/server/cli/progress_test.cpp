#include "server/cli/progress.hpp"

#include <gtest/gtest.h>

namespace nodescope::cli {
namespace {

TEST(Progress, ShowsHowMuchIsDone)
{
    EXPECT_EQ(progress_text(0, 4, "a"), "[                    ] 0/4 a");
    EXPECT_EQ(progress_text(1, 4, "a"), "[#####               ] 1/4 a");
    EXPECT_EQ(progress_text(4, 4, "a"), "[####################] 4/4 a");
    EXPECT_EQ(progress_text(0, 0, "a"), "[                    ] 0/0 a");
}

}  // namespace
}  // namespace nodescope::cli
