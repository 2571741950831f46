#include "server/http/reply_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nodescope::http {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const reply& answer, bool keep_alive = true, bool http_1_0 = false)
{
    reply_context context;
    context.keep_alive = keep_alive;
    context.http_1_0 = http_1_0;
    context.request_id = "id-1";
    context.date = "Thu, 01 Jan 1970 00:00:00 GMT";
    std::string out;
    append_reply_head(out, answer, context);
    return out;
}

TEST(ReplyHead, HoldsTheFixedFields)
{
    EXPECT_EQ(text_of(reply(200, "application/json", "{}")),
              "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: application/json\r\n"
              "Content-Length: 2\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
              "X-Request-Id: id-1\r\n\r\n");
}

TEST(ReplyHead, NamesTheCharsetOfText)
{
    EXPECT_THAT(text_of(reply(200, "text/plain", "")), HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
    EXPECT_THAT(text_of(reply(200, "text/plain; version=0.0.4; charset=utf-8", "")),
                HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
}

TEST(ReplyHead, SaysWhetherTheConnectionStays)
{
    const reply answer(200, "text/plain", "");
    EXPECT_THAT(text_of(answer), Not(HasSubstr("Connection")));
    EXPECT_THAT(text_of(answer, false), HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(text_of(answer, true, true), HasSubstr("Connection: keep-alive\r\n"));
}

TEST(ReplyHead, LeavesOutHeadersThatBreakTheirLine)
{
    reply answer(200, "text/plain\r\nX-Injected: 1", "");
    answer.headers.emplace_back("X-Good", "yes");
    answer.headers.emplace_back("X-Bad", "a\r\nX-Injected: 1");
    answer.headers.emplace_back("X-Bad\nX-Injected", "1");
    answer.headers.emplace_back("", "1");
    const std::string text = text_of(answer);
    EXPECT_THAT(text, HasSubstr("X-Good: yes\r\n"));
    EXPECT_THAT(text, Not(HasSubstr("X-Injected")));
    EXPECT_THAT(text, HasSubstr("Content-Type: application/octet-stream\r\n"));
}

TEST(ReplyHead, GivesNoLengthWhereThereIsNoBody)
{
    EXPECT_THAT(text_of(reply(204, "text/plain", "")),
                AllOf(Not(HasSubstr("Content-Length")), Not(HasSubstr("Content-Type:"))));
}

TEST(ReplyHead, SaysThatAStreamComesInChunks)
{
    class silent final : public body_stream {
        task<std::optional<std::string>> next() override { co_return std::nullopt; }
    };
    reply answer(200, "", "");
    answer.stream = std::make_unique<silent>();
    EXPECT_EQ(text_of(answer),
              "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\n"
              "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nX-Request-Id: id-1\r\n\r\n");
    EXPECT_THAT(text_of(answer, false, true), AllOf(Not(HasSubstr("chunked")), HasSubstr("Connection: close\r\n")));
}

TEST(DateText, IsAnHttpDate)
{
    date_text date;
    EXPECT_THAT(std::string(date.now()),
                ::testing::MatchesRegex("[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9]+ [0-9:]+ GMT"));
}

TEST(RequestId, IsShortAndHarmless)
{
    EXPECT_TRUE(is_request_id("abc-DEF_1.2"));
    EXPECT_TRUE(is_request_id(std::string(64, 'a')));
    for (const std::string text : {"", "a b", "a\r\nb", "a/b", "\xc3\xa9", "a\"b"}) EXPECT_FALSE(is_request_id(text));
    EXPECT_FALSE(is_request_id(std::string(65, 'a')));
}

}  // namespace
}  // namespace nodescope::http
