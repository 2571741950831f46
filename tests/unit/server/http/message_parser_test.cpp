#include "server/http/message_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nodescope::http {
namespace {

using state = message_parser::state;

constexpr std::string_view chunked_head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Feeds `body` behind a chunked head in pieces of `step` bytes, as the session does.
state feed_chunked(message_parser& parser, std::string_view body, std::size_t step, std::string& left_over)
{
    std::size_t used = 0;
    state reached = parser.feed(chunked_head, used);
    std::string pending;
    while (reached == state::need_more && !body.empty()) {
        pending += body.substr(0, step);
        body.remove_prefix(std::min(step, body.size()));
        reached = parser.feed(pending, used);
        pending.erase(0, used);
    }
    left_over = pending + std::string(body);
    return reached;
}

TEST(MessageParser, DecodesChunksSplitAnywhere)
{
    const std::string body = "3\r\nabc\r\n5;ext=\"1\"\r\ndefgh\r\n0\r\nTrailer: x\r\n\r\n";
    for (std::size_t step = 1; step <= body.size(); ++step) {
        message_parser parser;
        parser.start(100);
        std::string left_over;
        ASSERT_EQ(feed_chunked(parser, body, step, left_over), state::complete) << step;
        EXPECT_EQ(parser.take_body(), "abcdefgh");
        EXPECT_EQ(left_over, "");
    }
}

TEST(MessageParser, LeavesTheNextRequestAlone)
{
    message_parser parser;
    parser.start(100);
    const std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n";
    std::size_t used = 0;
    ASSERT_EQ(parser.feed(bytes, used), state::complete);
    EXPECT_EQ(bytes.substr(used), "GET / HTTP/1.1\r\n");
    EXPECT_EQ(parser.take_body(), "abc");
}

TEST(MessageParser, StopsAtTheLimitOfTheBody)
{
    for (const std::size_t limit : {7U, 8U, 9U}) {
        message_parser parser;
        parser.start(limit);
        std::string left_over;
        const state reached = feed_chunked(parser, "3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n", 4, left_over);
        EXPECT_EQ(reached, limit < 8 ? state::too_large : state::complete) << limit;
    }
}

TEST(MessageParser, RefusesMalformedChunks)
{
    for (const std::string_view body :
         {"x\r\n", "-1\r\n", "+1\r\na\r\n", "10000000000000000\r\n", "fffffffffffffffff\r\n", "1\r\nab\r\n0\r\n\r\n",
          " 1\r\na\r\n", "\r\n", "1 x\r\na\r\n", "0\r\nbroken\r\n\r\n"}) {
        message_parser parser;
        parser.start(100);
        std::string left_over;
        EXPECT_EQ(feed_chunked(parser, body, 100, left_over), state::malformed) << body;
    }
}

TEST(MessageParser, AgreesOnlyOnTheSameFraming)
{
    message_parser parser;
    parser.start(100);
    std::size_t used = 0;
    parser.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", used);
    EXPECT_TRUE(parser.agrees(false, 3));
    EXPECT_FALSE(parser.agrees(false, 0));
    EXPECT_FALSE(parser.agrees(true, 0));
    parser.start(100);
    parser.feed(chunked_head, used);
    EXPECT_TRUE(parser.agrees(true, 0));
    EXPECT_FALSE(parser.agrees(false, 0));
}

}  // namespace
}  // namespace nodescope::http
