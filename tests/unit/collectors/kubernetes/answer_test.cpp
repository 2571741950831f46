#include "collectors/kubernetes/answer.hpp"

#include <gtest/gtest.h>

namespace nodescope::kubernetes {
namespace {

const call_names& names()
{
    static const call_names value("kubernetes: GET /api/v1/namespaces/default/pods/x",
                                  "the API server at https://10.0.0.1:443");
    return value;
}

http_client::outcome answered(unsigned status, std::string body)
{
    http_client::outcome outcome;
    outcome.answer.emplace();
    outcome.answer->status = status;
    outcome.answer->body = std::move(body);
    return outcome;
}

error error_of(unsigned status, std::string body, std::string_view token = "")
{
    const auto got = body_of(names(), answered(status, std::move(body)), token);
    return got ? error(failure::internal, "a body") : got.error();
}

TEST(BodyOf, GivesTheBodyOfA200)
{
    EXPECT_EQ(body_of(names(), answered(200, "{}"), "").value(), "{}");
    EXPECT_FALSE(body_of(names(), answered(201, "{}"), ""));
    EXPECT_FALSE(body_of(names(), answered(204, ""), ""));
}

TEST(BodyOf, TellsTheServersOwnMessage)
{
    const error forbidden = error_of(403, R"({"kind":"Status","message":"pods \"x\" is forbidden: no"})");
    EXPECT_EQ(forbidden.kind(), failure::denied);
    EXPECT_EQ(forbidden.message(),
              "kubernetes: GET /api/v1/namespaces/default/pods/x: the API server at https://10.0.0.1:443 answered 403: "
              "pods \"x\" is forbidden: no");
    EXPECT_TRUE(error_of(401, "\nUnauthorized\nmore").message().ends_with(" answered 401: Unauthorized"));
    EXPECT_TRUE(error_of(502, "<html>bad</html>").message().ends_with(" answered 502"));
    EXPECT_TRUE(error_of(500, "").message().ends_with(" answered 500"));
    EXPECT_TRUE(error_of(500, R"({"message":7})").message().ends_with(" answered 500"));
    EXPECT_TRUE(error_of(500, R"({"message":"a\u001b[1m\n"})").message().ends_with(" answered 500: a\\x1b[1m\\n"));
    EXPECT_LT(error_of(500, std::string(100'000, 'x')).message().size(), 1000U);
}

TEST(BodyOf, ARefusalSaysWhatToDo)
{
    call_names to_kubelet("kubernetes: GET /pods", "the kubelet at https://10.0.0.1:10250");
    to_kubelet.hint = "Give it nodes/proxy";
    const auto of = [&](unsigned status) { return body_of(to_kubelet, answered(status, "no"), "").error().message(); };
    EXPECT_TRUE(of(403).ends_with(" answered 403: no. Give it nodes/proxy")) << of(403);
    EXPECT_TRUE(of(401).ends_with(" answered 401: no")) << of(401);
}

TEST(BodyOf, SortsStatusesIntoKinds)
{
    EXPECT_EQ(error_of(400, "").kind(), failure::failed);
    EXPECT_EQ(error_of(401, "").kind(), failure::denied);
    EXPECT_EQ(error_of(403, "").kind(), failure::denied);
    EXPECT_EQ(error_of(404, "").kind(), failure::gone);
    EXPECT_EQ(error_of(410, "").kind(), failure::gone);
    EXPECT_EQ(error_of(429, "").kind(), failure::failed);
    EXPECT_EQ(error_of(500, "").kind(), failure::failed);
    EXPECT_EQ(error_of(502, "").kind(), failure::unavailable);
    EXPECT_EQ(error_of(503, "").kind(), failure::unavailable);
    EXPECT_EQ(error_of(504, "").kind(), failure::unavailable);
}

// A redirect could lead to a host that nobody configured.
TEST(BodyOf, DoesNotFollowRedirects)
{
    const error redirect = error_of(302, "<a href=\"https://elsewhere\">");
    EXPECT_EQ(redirect.kind(), failure::failed);
    EXPECT_TRUE(redirect.message().ends_with(" answered 302, a redirect, and redirects are not followed"));
}

// Tokens never appear in a message.
TEST(BodyOf, TakesTheTokenOutOfWhatThePeerRepeats)
{
    const error echoed = error_of(401, R"({"message":"bad token s3cret, s3cret"})", "s3cret");
    EXPECT_TRUE(echoed.message().ends_with(": bad token [token], [token]")) << echoed.message();
}

TEST(BodyOf, SaysWhichPhaseFailedAndWhom)
{
    http_client::outcome outcome;
    outcome.why = http_client::round_trip_failure(http_client::phase::header, failure::timed_out, 0,
                                                  "no response header within 10s");
    const auto got = body_of(names(), std::move(outcome), "");
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind(), failure::timed_out);
    EXPECT_EQ(got.error().message(),
              "kubernetes: GET /api/v1/namespaces/default/pods/x: no response header within 10s (the API server at "
              "https://10.0.0.1:443)");
}

TEST(AboutAnswer, PutsTheCallInFrontOfWhatIsMalformed)
{
    EXPECT_EQ(about_answer(names(), error(failure::malformed, "not a Pod: why")).message(),
              "kubernetes: GET /api/v1/namespaces/default/pods/x: the API server at https://10.0.0.1:443 answered "
              "something else than asked: not a Pod: why");
    EXPECT_EQ(about_answer(names(), error(failure::gone, "pod a/b is not on this node (n)")),
              error(failure::gone, "kubernetes: pod a/b is not on this node (n)"));
}

}  // namespace
}  // namespace nodescope::kubernetes
