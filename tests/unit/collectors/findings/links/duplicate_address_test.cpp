#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(DuplicateAddress, SpeaksWhereDetectionHasFailed)
{
    made_model model;
    model.address(2, "2001:db8::1/64").flags = IFA_F_PERMANENT | IFA_F_TENTATIVE;
    EXPECT_EQ(evidence_of(look_for_duplicate_address(model)), "0 findings");
    model.address(2, "2001:db8::2/64").flags = IFA_F_PERMANENT | IFA_F_TENTATIVE | IFA_F_DADFAILED;
    const finding_list found = look_for_duplicate_address(model);
    EXPECT_EQ(evidence_of(found), "eth0 address=2001:db8::2/64 flag=dadfailed");
    EXPECT_EQ(found.items()[0].summary, "2001:db8::2/64 of eth0 is somebody else's on that link too, and is not used");
}

}  // namespace
}  // namespace nodescope::findings
