#include "collectors/runtime/cri/session.hpp"

#include "tests/unit/collectors/runtime/cri/frames.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace nodescope::cri {
namespace {

using namespace std::chrono_literals;

/// A session whose peer has said that it is there, and what both have sent.
class SessionTest : public ::testing::Test {
protected:
    SessionTest() { EXPECT_TRUE(receive(bytes::frame(bytes::settings, ""))); }

    result<void> receive(std::string_view text)
    {
        auto taken = one.receive(text, now);
        one.take_output(sent);
        return taken;
    }
    std::shared_ptr<pending_call> begin(const std::string& method = "Version")
    {
        auto call = std::make_shared<pending_call>(one.limits().message);
        const auto stream =
            one.begin(call_request("/runtime.v1.RuntimeService/" + method, "m"), deadline::in(5s), call);
        EXPECT_TRUE(stream);
        last = stream ? static_cast<std::uint32_t>(*stream) : 0;
        one.take_output(sent);
        return call;
    }
    [[nodiscard]] std::string answer_head() const
    {
        return bytes::header_frame(last, {{":status", "200"}, {"content-type", "application/grpc"}});
    }
    [[nodiscard]] std::string trailers(std::string_view status, std::string_view text = "") const
    {
        return bytes::header_frame(last, {{"grpc-status", status}, {"grpc-message", text}}, bytes::end_stream);
    }
    [[nodiscard]] std::string data(std::string_view payload, std::uint8_t flags = 0) const
    {
        return bytes::frame(bytes::data, payload, flags, last);
    }
    [[nodiscard]] std::string whole_answer(std::string_view message) const
    {
        return answer_head() + data(framed_message(message)) + trailers("0");
    }
    static std::string why(const std::shared_ptr<pending_call>& call)
    {
        if (!call->over) return "(it is not over)";
        return call->how.unanswered ? call->how.unanswered->message() : "(it was answered)";
    }
    [[nodiscard]] bool has_sent(std::uint8_t type, std::uint32_t stream) const
    {
        const std::string head{static_cast<char>(type), '\0'};
        return sent.find(head + bytes::big_endian(stream, 4)) != std::string::npos;
    }

    static session_limits small_limits()
    {
        session_limits limits;
        limits.message = 100'000;
        limits.messages = 150'000;
        return limits;
    }

    session one{small_limits()};
    steady_clock::time_point now = steady_clock::now();
    std::string sent;
    std::uint32_t last = 0;
};

TEST_F(SessionTest, GreetsAndCalls)
{
    begin();
    EXPECT_EQ(sent.find("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 0U);
    EXPECT_TRUE(has_sent(bytes::settings, 0));
    EXPECT_NE(sent.find(framed_message("m")), std::string::npos);
    EXPECT_EQ(one.calls(), 1U);
}

TEST_F(SessionTest, GivesTheAnswer)
{
    const auto call = begin();
    ASSERT_TRUE(receive(whole_answer("hello")));
    ASSERT_TRUE(call->over);
    EXPECT_FALSE(call->how.unanswered) << why(call);
    EXPECT_EQ(call->how.status, 0U);
    EXPECT_EQ(call->how.message, "hello");
    EXPECT_EQ(one.calls(), 0U);
}

TEST_F(SessionTest, TakesAnAnswerByteByByte)
{
    const auto call = begin();
    for (const char byte : whole_answer("hello")) ASSERT_TRUE(receive({&byte, 1}));
    EXPECT_EQ(call->how.message, "hello") << why(call);
}

TEST_F(SessionTest, TakesTrailersOnly)
{
    const auto call = begin();
    ASSERT_TRUE(receive(bytes::header_frame(last,
                                            {{":status", "200"},
                                             {"content-type", "application/grpc"},
                                             {"grpc-status", "5"},
                                             {"grpc-message", "no such%0acontainer"}},
                                            bytes::end_stream)));
    ASSERT_TRUE(call->over && !call->how.unanswered) << why(call);
    EXPECT_EQ(call->how.status, 5U);
    EXPECT_EQ(call->how.text, "no such\\ncontainer");
}

TEST_F(SessionTest, CallsRunSideBySide)
{
    const auto first = begin();
    const std::string first_answer = whole_answer("first");
    const auto second = begin();
    ASSERT_TRUE(receive(whole_answer("second")));
    EXPECT_TRUE(second->over);
    EXPECT_FALSE(first->over);
    ASSERT_TRUE(receive(first_answer));
    EXPECT_EQ(first->how.message, "first");
    EXPECT_EQ(second->how.message, "second");
}

TEST_F(SessionTest, SaysWhatAnAnswerLacks)
{
    const auto ends_with = [this](const std::string& answer) {
        const auto call = begin();
        EXPECT_TRUE(receive(answer));
        return why(call);
    };
    last += 2;
    EXPECT_EQ(ends_with(bytes::header_frame(1, {{":status", "404"}, {"grpc-status", "0"}}, bytes::end_stream)),
              "it answered with HTTP status 404");
    EXPECT_EQ(ends_with(bytes::header_frame(3, {{":status", "200"}, {"content-type", "text/html"}}, bytes::end_stream)),
              "its answer is not gRPC");
    EXPECT_EQ(ends_with(bytes::header_frame(5, {{":status", "200"}, {"content-type", "application/grpc"}},
                                            bytes::end_stream)),
              "its answer ends without a status");
    last = 7;
    EXPECT_EQ(ends_with(answer_head() + trailers("0")), "its answer holds no message");
    last = 9;
    EXPECT_EQ(ends_with(answer_head() + data(framed_message("hello").substr(0, 7)) + trailers("0")),
              "its answer ends in the middle of a message, after 2 of 5 bytes");
    last = 11;
    EXPECT_EQ(ends_with(answer_head() + trailers("many")), "its answer ends without a status");
}

TEST_F(SessionTest, RefusesTooLargeAMessageAndGoesOn)
{
    const auto call = begin();
    ASSERT_TRUE(receive(answer_head() + data(framed_message(std::string(200'000, 'x')).substr(0, 100))));
    EXPECT_EQ(why(call), "its message has 200000 bytes, more than the 100000 that are taken");
    EXPECT_TRUE(has_sent(bytes::rst_stream, last));
    const auto next = begin();
    ASSERT_TRUE(receive(whole_answer("hello")));
    EXPECT_EQ(next->how.message, "hello") << why(next);
}

TEST_F(SessionTest, BoundsWhatArrivesAtOnce)
{
    const std::string half = framed_message(std::string(100'000, 'x'));
    std::vector<std::shared_ptr<pending_call>> calls;
    for (int i = 0; i < 2; ++i) {
        calls.push_back(begin());
        std::string answer = answer_head();
        for (std::size_t at = 0; at < 90'000; at += 16'000) answer += data(std::string_view(half).substr(at, 16'000));
        ASSERT_TRUE(receive(answer));
    }
    EXPECT_FALSE(calls[0]->over);
    EXPECT_EQ(why(calls[1]), "the answers that are arriving have more than 150000 bytes together");
    // What has ended no longer counts.
    const auto next = begin();
    ASSERT_TRUE(receive(whole_answer("hello")));
    EXPECT_EQ(next->how.message, "hello") << why(next);
}

TEST_F(SessionTest, RefusesTooManyHeaders)
{
    const auto call = begin();
    const std::string long_value(4000, 'v');
    ASSERT_TRUE(receive(
        bytes::header_frame(last, {{":status", "200"}, {"a", long_value}, {"b", long_value}, {"c", long_value}})));
    EXPECT_FALSE(call->over);
    ASSERT_TRUE(receive(bytes::header_frame(last, {{"grpc-status", "0"}, {"d", long_value}, {"e", long_value}})));
    EXPECT_EQ(why(call), "its headers have more than 16384 bytes");
    EXPECT_TRUE(has_sent(bytes::rst_stream, last));
}

TEST_F(SessionTest, IsResetByThePeer)
{
    const auto call = begin();
    ASSERT_TRUE(receive(bytes::frame(bytes::rst_stream, bytes::big_endian(2, 4), 0, last)));
    EXPECT_EQ(why(call), "it ended the call (INTERNAL_ERROR)");
    EXPECT_FALSE(call->how.untouched);
    const auto refused = begin();
    ASSERT_TRUE(receive(bytes::frame(bytes::rst_stream, bytes::big_endian(7, 4), 0, last)));
    EXPECT_EQ(why(refused), "it ended the call (REFUSED_STREAM)");
    EXPECT_TRUE(refused->how.untouched);
}

TEST_F(SessionTest, GoesAway)
{
    const auto taken = begin();
    const std::string answer = whole_answer("hello");
    const auto left = begin();
    // Of the two the peer still answers the first.
    ASSERT_TRUE(receive(bytes::frame(bytes::goaway, bytes::big_endian(1, 4) + bytes::big_endian(0, 4))));
    EXPECT_FALSE(one.takes_calls());
    EXPECT_TRUE(left->over && left->how.untouched) << why(left);
    EXPECT_FALSE(taken->over);
    (void)receive(answer);
    EXPECT_EQ(taken->how.message, "hello") << why(taken);
}

TEST_F(SessionTest, IsEndedByWhatIsNoHttp2)
{
    for (const std::string& nonsense : {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string(64, '\xff'),
                                        bytes::frame(bytes::ping, "short"), bytes::frame(bytes::settings, "x")}) {
        session other{small_limits()};
        const auto call = std::make_shared<pending_call>(std::size_t{100});
        ASSERT_TRUE(other.begin(call_request("/x/y", ""), deadline::in(5s), call));
        const auto taken = other.receive(nonsense, now);
        ASSERT_FALSE(taken) << nonsense;
        EXPECT_EQ(taken.error().kind(), failure::malformed);
        EXPECT_TRUE(call->over);
        EXPECT_FALSE(other.takes_calls());
    }
}

TEST_F(SessionTest, IsEndedByAFlood)
{
    const std::string ping = bytes::frame(bytes::ping, std::string(8, 'p'));
    const std::string reset = bytes::frame(bytes::rst_stream, bytes::big_endian(8, 4), 0, 1);
    begin();
    ASSERT_TRUE(receive(whole_answer("")));
    for (const std::string& flood : {ping, reset}) {
        now += 2s;
        for (int i = 0; i < 900; ++i) ASSERT_TRUE(receive(flood)) << i;
    }
    now += 2s;
    result<void> taken;
    for (int i = 0; i < 1100 && taken; ++i) taken = receive(ping);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().message(), "it does not keep to HTTP/2: more than 1000 control frames in a second");
}

TEST_F(SessionTest, IsNotEndedByThePingsOfManyCalls)
{
    const std::string ping = bytes::frame(bytes::ping, std::string(8, 'p'));
    for (int i = 0; i < 2000; ++i) {
        const auto call = begin();
        ASSERT_TRUE(receive(ping + whole_answer("x"))) << i;
        ASSERT_TRUE(call->over);
    }
}

TEST_F(SessionTest, TellsThePeerOfACallThatNobodyWaitsFor)
{
    const auto call = begin();
    one.cancel(static_cast<std::int32_t>(last));
    one.take_output(sent);
    EXPECT_TRUE(has_sent(bytes::rst_stream, last));
    EXPECT_FALSE(call->over) << "who cancels knows";
    EXPECT_TRUE(receive(whole_answer("late")));
    EXPECT_TRUE(one.takes_calls());
}

TEST_F(SessionTest, SurvivesAnAnswerThatIsCutAnywhere)
{
    const auto once = begin();
    const std::string answer = whole_answer("hello");
    for (std::size_t size = 0; size < answer.size(); ++size) {
        session other{small_limits()};
        const auto call = std::make_shared<pending_call>(std::size_t{100});
        ASSERT_TRUE(other.begin(call_request("/x/y", ""), deadline::in(5s), call));
        ASSERT_TRUE(other.receive(bytes::frame(bytes::settings, ""), now));
        ASSERT_TRUE(other.receive(std::string_view(answer).substr(0, size), now)) << size;
        EXPECT_FALSE(call->over) << size;
        other.lost(error(failure::unavailable, "gone"), false);
        EXPECT_TRUE(call->over && call->how.unanswered);
    }
    EXPECT_FALSE(once->over);
}

}  // namespace
}  // namespace nodescope::cri
