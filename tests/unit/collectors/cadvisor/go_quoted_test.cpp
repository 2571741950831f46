// Text quoted as Go's %q does it.
#include "collectors/cadvisor/go_quoted.hpp"

#include <gtest/gtest.h>

using namespace nodescope;
using namespace nodescope::cadvisor;

TEST(GoQuoted, EscapesWhatIsNotPrintable)
{
    EXPECT_EQ(go_quoted(""), R"("")");
    EXPECT_EQ(go_quoted("v9.9"), R"("v9.9")");
    EXPECT_EQ(go_quoted("a\"b\\c\n\x1b\xff"), R"("a\"b\\c\n\x1b\xff")");
    EXPECT_EQ(go_quoted("gr\xc3\xbcn\xe2\x80\xae"), "\"gr\xc3\xbcn\\u202e\"");
}
