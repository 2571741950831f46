#include "collectors/cadvisor/sample_shares.hpp"

#include <gtest/gtest.h>

#include <numeric>

using namespace nodescope::cadvisor;

namespace {

using kind = wanted_samples::kind;
using counts = std::vector<std::size_t>;

wanted_samples of(kind what, std::size_t count)
{
    wanted_samples out;
    out.of = what;
    out.count = count;
    return out;
}

}  // namespace

TEST(SampleShares, AreWhatIsWantedWhereThatFits)
{
    EXPECT_EQ(share_samples({}, 10), counts());
    EXPECT_EQ(share_samples({of(kind::node, 4), of(kind::plain_cgroup, 6)}, 10), (counts{4, 6}));
}

TEST(SampleShares, AreCutForPlainCgroupsFirst)
{
    EXPECT_EQ(share_samples({of(kind::plain_cgroup, 64), of(kind::container, 64), of(kind::node, 64)}, 140),
              (counts{8, 64, 64}));
    EXPECT_EQ(share_samples({of(kind::plain_cgroup, 64), of(kind::container, 64), of(kind::node, 64)}, 100),
              (counts{1, 32, 64}));
}

TEST(SampleShares, LeaveOneOfEach)
{
    const std::vector<wanted_samples> many(1000, of(kind::plain_cgroup, 64));
    EXPECT_EQ(share_samples(many, 10), counts(1000, 1));
    EXPECT_EQ(share_samples({of(kind::container, 0), of(kind::container, 2)}, 1), (counts{0, 1}));
}

TEST(SampleShares, AreBoundedWithManyContainers)
{
    const std::vector<wanted_samples> many(500, of(kind::container, 240));
    const auto shown = share_samples(many, shown_samples_limit);
    EXPECT_LE(std::accumulate(shown.begin(), shown.end(), std::size_t{0}), shown_samples_limit);
    EXPECT_EQ(shown.front(), 30U);
}
