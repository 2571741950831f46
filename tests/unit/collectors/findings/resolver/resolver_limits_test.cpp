#include "tests/unit/collectors/findings/load/made_load.hpp"

namespace nodescope::findings {
namespace {

std::string found_in(const std::vector<std::string>& nameservers, const std::vector<std::string>& search)
{
    made_load model;
    model.resolver.nameservers = nameservers;
    model.resolver.search = search;
    return evidence_of(look_for_resolver_limits(model));
}

TEST(ResolverLimits, SpeaksOfMoreThanThreeNameservers)
{
    EXPECT_EQ(found_in({}, {}), "0 findings");
    EXPECT_EQ(found_in({"1", "2", "3"}, {}), "0 findings");
    EXPECT_EQ(found_in({"1", "2", "3", "4"}, {}), " nameservers=4 limit=3 not_asked=4");
    EXPECT_EQ(found_in({"1", "2", "3", "4", "5", "6", "7"}, {}), " nameservers=7 limit=3 not_asked=4, 5, 6");
}

TEST(ResolverLimits, SpeaksOfALongSearchList)
{
    EXPECT_EQ(found_in({}, {"a", "b", "c", "d", "e", "f"}), "0 findings");
    EXPECT_EQ(found_in({}, {"a", "b", "c", "d", "e", "f", "g"}),
              " domains=7 domains_limit=6 characters=13 characters_limit=256");
    EXPECT_EQ(found_in({}, {std::string(127, 'x'), std::string(128, 'x')}), "0 findings");
    EXPECT_EQ(found_in({}, {std::string(128, 'x'), std::string(128, 'x')}),
              " domains=2 domains_limit=6 characters=257 characters_limit=256");
}

}  // namespace
}  // namespace nodescope::findings
