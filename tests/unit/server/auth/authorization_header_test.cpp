#include "server/auth/authorization_header.hpp"

#include <gtest/gtest.h>

namespace nodescope::auth {
namespace {

using scheme = presented::scheme;

TEST(ReadAuthorization, TakesBearerTokens)
{
    for (const char* const value : {"Bearer abc.def-_~+/=", "bearer abc.def-_~+/=", "BEARER   abc.def-_~+/="}) {
        const presented seen = read_authorization(value);
        EXPECT_EQ(seen.kind, scheme::bearer) << value;
        EXPECT_EQ(seen.token, "abc.def-_~+/=") << value;
    }
}

TEST(ReadAuthorization, TakesBasicCredentials)
{
    const presented seen = read_authorization("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617, 2
    EXPECT_EQ(seen.kind, scheme::basic);
    EXPECT_EQ(seen.user, "Aladdin");
    EXPECT_EQ(seen.password, "open sesame");
    EXPECT_EQ(read_authorization("Basic dGVzdDoxMjPCow==").password, "123\xc2\xa3");
    EXPECT_EQ(read_authorization("basic YTpiOmM=").password, "b:c");
    const presented empty = read_authorization("Basic Og==");
    EXPECT_EQ(empty.kind, scheme::basic);
    EXPECT_EQ(empty.user + empty.password, "");
}

TEST(ReadAuthorization, KnowsThatThereIsNone) { EXPECT_EQ(read_authorization("").kind, scheme::none); }

TEST(ReadAuthorization, RefusesEverythingElse)
{
    for (const char* const value : {"Basic",
                                    "Basic ",
                                    "Bearer",
                                    "Bearer ",
                                    " ",
                                    " Bearer x",
                                    "Digest x",
                                    "Basic QQ",
                                    "Basic QQ=",
                                    "Basic QQ===",
                                    "Basic =QQ=",
                                    "Basic Q=Q=",
                                    "Basic ====",
                                    "Basic YTpi ",
                                    "Basic YT pi",
                                    "Basic YTpi\t",
                                    "Basic YTpj=",
                                    "Basic YTpiOm-_",
                                    "Basic YWI=" /* no colon */,
                                    "Basic YTpiAGM=" /* NUL */,
                                    "Basic YTpiYx==" /* bits left over */,
                                    "Bearer a b",
                                    "Bearer a\tb",
                                    "Bearer \x80",
                                    "Basictoken YTpi",
                                    "Bear x"}) {
        EXPECT_EQ(read_authorization(value).kind, scheme::unusable) << value;
    }
}

TEST(ReadAuthorization, RefusesEveryPrefixOfABasicHeader)
{
    const std::string whole = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
    for (std::size_t size = 1; size < whole.size(); ++size) {
        const presented seen = read_authorization(std::string_view(whole).substr(0, size));
        if (seen.kind == scheme::basic) {
            EXPECT_EQ((size - 6) % 4, 0U) << size;
            EXPECT_EQ(seen.user.substr(0, 7), "Aladdin");
        } else {
            EXPECT_EQ(seen.kind, scheme::unusable) << size;
        }
    }
}

}  // namespace
}  // namespace nodescope::auth
