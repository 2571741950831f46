#include "collectors/kubernetes/review.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace nodescope::kubernetes {
namespace {

constexpr std::string_view good =
    R"({"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{"token":"t"},"status":{"authenticated":true,)"
    R"("user":{"username":"system:serviceaccount:a:\"b\"","uid":"u","groups":["g","h"],"extra":{"k/x":["v"]}},)"
    R"("audiences":["other","nodescope"]}})";

bool is_nobody(std::string_view answer)
{
    const auto read = read_token_review(answer, "nodescope");
    return read && !read->has_value();
}

TEST(TokenReview, AsksInTheFormOfTheApi)
{
    EXPECT_EQ(
        token_review("a\"b\n", "n"),
        R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"a\"b\n","audiences":["n"]}})");
}

TEST(TokenReview, GivesTheUserAndPassesOnWhatIsKnownOfIt)
{
    const auto read = read_token_review(good, "nodescope");
    ASSERT_TRUE(read && read->has_value());
    EXPECT_EQ((*read)->name, "system:serviceaccount:a:\"b\"");
    EXPECT_EQ((*read)->spec,
              R"("user":"system:serviceaccount:a:\"b\"","uid":"u","groups":["g","h"],"extra":{"k/x":["v"]})");
}

TEST(TokenReview, KnowsNobodyUnlessAllIsSaid)
{
    const auto with = [](std::string_view status) {
        return fmt::format(R"({{"kind":"TokenReview","status":{}}})", status);
    };
    for (const char* const status :
         {R"({})", R"({"authenticated":false,"user":{"username":"a"},"audiences":["nodescope"]})",
          R"({"authenticated":"true","user":{"username":"a"},"audiences":["nodescope"]})",
          R"({"authenticated":1,"user":{"username":"a"},"audiences":["nodescope"]})",
          R"({"authenticated":true,"user":{"username":"a"}})",
          R"({"authenticated":true,"user":{"username":"a"},"audiences":[]})",
          R"({"authenticated":true,"user":{"username":"a"},"audiences":["nodescop"]})",
          R"({"authenticated":true,"user":{"username":"a"},"audiences":"nodescope"})",
          R"({"authenticated":true,"user":{"username":"a"},"audiences":[["nodescope"],7,null]})",
          R"({"authenticated":true,"authenticated":false,"user":{"username":"a"},"audiences":["nodescope"]})"}) {
        EXPECT_TRUE(is_nobody(with(status))) << status;
    }
    for (const char* const status : {R"({"authenticated":true,"audiences":["nodescope"]})",
                                     R"({"authenticated":true,"user":{"username":""},"audiences":["nodescope"]})",
                                     R"({"authenticated":true,"user":{"username":7},"audiences":["nodescope"]})"}) {
        EXPECT_FALSE(read_token_review(with(status), "nodescope")) << status;
    }
}

TEST(TokenReview, RefusesWhatIsNone)
{
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(read_token_review(good.substr(0, size), "nodescope")) << size;
    }
    for (const char* const answer :
         {"", "null", "[]", "{}", R"({"kind":"TokenReview"})", R"({"kind":"TokenReview","status":null})",
          R"({"kind":"Status","status":"Failure"})", R"({"kind":"SubjectAccessReview","status":{}})"}) {
        EXPECT_FALSE(read_token_review(answer, "nodescope")) << answer;
    }
}

TEST(AccessReview, AsksInTheFormOfTheApi)
{
    token_user who;
    who.spec = R"("user":"u")";
    access_attributes what;
    what.verb = "get";
    what.subresource = "stats";
    what.node = "n\"1";
    EXPECT_EQ(access_review(who, what),
              R"({"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"resourceAttributes":)"
              R"({"verb":"get","version":"v1","resource":"nodes","subresource":"stats","name":"n\"1"},"user":"u"}})");
    what.url = "/x";
    EXPECT_EQ(access_review(who, what),
              R"({"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"nonResourceAttributes":)"
              R"({"verb":"get","path":"/x"},"user":"u"}})");
}

TEST(AccessReview, GrantsOnlyWhatIsAllowedAndNotDenied)
{
    const auto read = [](std::string_view status) {
        return read_access_review(fmt::format(R"({{"kind":"SubjectAccessReview","status":{}}})", status)).value();
    };
    EXPECT_EQ(read(R"({"allowed":true})"), permission::granted);
    EXPECT_EQ(read(R"({"allowed":true,"denied":false,"reason":"r"})"), permission::granted);
    for (const char* const status :
         {R"({})", R"({"allowed":false})", R"({"allowed":true,"denied":true})", R"({"allowed":"true"})",
          R"({"allowed":1})", R"({"allowed":null})", R"({"allowed":true,"allowed":false})"}) {
        EXPECT_EQ(read(status), permission::denied) << status;
    }
    EXPECT_FALSE(read_access_review(R"({"kind":"TokenReview","status":{"allowed":true}})"));
}

}  // namespace
}  // namespace nodescope::kubernetes
