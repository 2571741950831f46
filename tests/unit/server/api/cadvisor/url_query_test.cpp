#include "server/api/cadvisor/url_query.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

TEST(UrlQuery, GivesTheFirstValueOfAName)
{
    const url_query query("a=1&b=two+words&a=2&c=%26%3D%zz&=x&d;e=5&f");
    EXPECT_EQ(query.get("a"), "1");
    EXPECT_EQ(query.get("b"), "two words");
    EXPECT_EQ(query.get("c"), "&=%zz");
    EXPECT_EQ(query.get(""), "x");
    EXPECT_EQ(query.get("d"), "");
    EXPECT_EQ(query.get("e"), "5");
    EXPECT_EQ(query.get("f"), "");
    EXPECT_EQ(query.get("g"), "");
}

TEST(UrlQuery, TakesAnything)
{
    for (const std::string_view text : {"", "&", "&&", "=", "%", "%1", "a=%", "a=%4", "a=b=c", ";;=;"}) {
        const url_query query(text);
        EXPECT_EQ(query.get("none"), "") << text;
    }
    EXPECT_EQ(url_query("a=b=c").get("a"), "b=c");
    EXPECT_EQ(url_query("%61=%41").get("a"), "A");
    EXPECT_EQ(url_query("a=%00").get("a"), std::string_view("\0", 1));
}

}  // namespace
}  // namespace nodescope::api
