#include "server/http/framing.hpp"
#include "tests/support/guarded_bytes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace nodescope::http {
namespace {

using namespace std::string_literals;

/// A head with a good request line and Host; `fields` are whole lines with their CRLF.
std::string head(std::string_view fields, std::string_view line = "POST /x HTTP/1.1")
{
    return std::string(line) + "\r\nHost: localhost\r\n" + std::string(fields) + "\r\n";
}

unsigned status_of(const std::string& bytes)
{
    request_head out;
    return parse_head(bytes, head_limits{}, out).status;
}

TEST(ParseHead, RefusesEveryAmbiguousFraming)
{
    struct example {
        std::string bytes;
        unsigned status;
    };
    const std::vector<example> examples{
        {head("Transfer-Encoding: gzip\r\nContent-Length: 2\r\n"), 400},
        {head("Content-Length: 2\r\nTransfer-Encoding: gzip\r\n"), 400},
        {head("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"), 400},
        {head("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"), 400},
        {head("Transfer-Encoding: gzip\r\n"), 501},
        {head("Transfer-Encoding: chunked, gzip\r\n"), 501},
        {head("Transfer-Encoding: gzip, chunked\r\n"), 501},
        {head("Transfer-Encoding: identity\r\n"), 501},
        {head("Transfer-Encoding: xchunked\r\n"), 501},
        {head("Transfer-Encoding: \"chunked\"\r\n"), 501},
        {head("Transfer-Encoding:\r\n"), 501},
        {head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
        {head("Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n"), 400},
        {head("Transfer-Encoding: chunked\r\n", "POST /x HTTP/1.0"), 400},
        {head("Content-Length: 2\r\nContent-Length: 2\r\n"), 400},
        {head("Content-Length: 2\r\nCONTENT-LENGTH: 3\r\n"), 400},
        {head("Content-Length: 2, 2\r\n"), 400},
        {head("Content-Length: 2,\r\n"), 400},
        {head("Content-Length:\r\n"), 400},
        {head("Content-Length: +2\r\n"), 400},
        {head("Content-Length: -2\r\n"), 400},
        {head("Content-Length: 0x2\r\n"), 400},
        {head("Content-Length: 2 2\r\n"), 400},
        {head("Content-Length: 2;\r\n"), 400},
        {head("Content-Length: 18446744073709551616\r\n"), 400},
        {head("Host: localhost\r\n"), 400},
        {head("HOST: other\r\n"), 400},
        {"POST /x HTTP/1.1\r\n\r\n", 400},
        {"POST /x HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"POST /x HTTP/1.1\r\nHost: \t \r\n\r\n", 400},
        {"POST /x HTTP/1.0\r\nHost:\r\n\r\n", 400},
        {head("Folded: a\r\n b\r\n"), 400},
        {head("Transfer-Encoding:\r\n chunked\r\n"), 400},
        {"POST /x HTTP/1.1\r\n Host: localhost\r\n\r\n", 400},
        {head("Content-Length : 2\r\n"), 400},
        {head("No-Colon\r\n"), 400},
        {head(": no name\r\n"), 400},
        {head("Na(me: x\r\n"), 400},
        {head("Na\xc3\xa9: x\r\n"), 400},
        {head("Content-Type: a\r\nContent-Type: b\r\n"), 400},
        {head("Expect: 100-continue\r\nExpect: 100-continue\r\n"), 400},
        {head("Expect: 200-ok\r\n"), 417},
        {head("Expect: 100-continue, x\r\n"), 417},
        {head("Content-Length: 1\r\n", "GET /x HTTP/1.1"), 400},
        {head("Transfer-Encoding: chunked\r\n", "HEAD /x HTTP/1.1"), 400},
    };
    for (const example& one : examples) EXPECT_EQ(status_of(one.bytes), one.status) << one.bytes;
}

TEST(ParseHead, RefusesMalformedRequestLines)
{
    struct example {
        std::string line;
        unsigned status;
    };
    const std::vector<example> examples{
        {"GET /x", 400},
        {"GET", 400},
        {"GET  /x HTTP/1.1", 400},
        {"GET /x  HTTP/1.1", 400},
        {"GET /x HTTP/1.1 ", 400},
        {" GET /x HTTP/1.1", 400},
        {"GET /a b HTTP/1.1", 400},
        {"GET /x HTTP/0.9", 400},
        {"GET /x HTTP/1.2", 400},
        {"GET /x HTTP/2.0", 400},
        {"GET /x HTTP/11", 400},
        {"GET /x http/1.1", 400},
        {"GET /x HTTP/1.1x", 400},
        {"G@T /x HTTP/1.1", 400},
        {"get /x HTTP/1.1", 501},
        {"Get /x HTTP/1.1", 501},
        {"G\xc3\x89T /x HTTP/1.1", 400},
        {std::string(200, 'A') + " /x HTTP/1.1", 501},
        {"CONNECT localhost:80 HTTP/1.1", 501},
    };
    for (const example& one : examples) EXPECT_EQ(status_of(head("", one.line)), one.status) << one.line;
}

TEST(ParseHead, ReadsWhatTheAgentSends)
{
    const std::string bytes =
        "POST /processor/x?a=b HTTP/1.1\r\nHost: 10.0.0.1:8095\r\nUser-Agent: Go-http-client/1.1\r\n"
        "content-length: 12\r\nAccept-Encoding: gzip\r\nX-Request-Id:\t abc \r\nX-Request-Timeout: 5s\r\n\r\n";
    request_head out;
    ASSERT_EQ(parse_head(bytes, head_limits{}, out), refusal{});
    EXPECT_EQ(out.method, "POST");
    EXPECT_EQ(out.target, "/processor/x?a=b");
    EXPECT_EQ(out.host, "10.0.0.1:8095");
    EXPECT_EQ(out.content_length, 12U);
    EXPECT_EQ(out.request_id, "abc");
    EXPECT_EQ(out.request_timeout, "5s");
    EXPECT_TRUE(out.keep_alive);
    EXPECT_TRUE(out.has_body());
    EXPECT_FALSE(out.chunked);
}

TEST(ParseHead, ReadsChunkedInAnyCase)
{
    request_head out;
    ASSERT_EQ(parse_head(head("tRANSFER-eNCODING: \tChunked \r\n"), head_limits{}, out), refusal{});
    EXPECT_TRUE(out.chunked);
}

TEST(ParseHead, DecidesWhetherTheConnectionStays)
{
    struct example {
        std::string version;
        std::string fields;
        bool stays;
    };
    const std::vector<example> examples{
        {"HTTP/1.1", "", true},
        {"HTTP/1.1", "Connection: close\r\n", false},
        {"HTTP/1.1", "Connection: upgrade, CLOSE\r\n", false},
        {"HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
        {"HTTP/1.1", "Connection: closed\r\n", true},
        {"HTTP/1.0", "", false},
        {"HTTP/1.0", "Connection: Keep-Alive\r\n", true},
        {"HTTP/1.0", "Connection: keep-alive, close\r\n", false},
    };
    for (const example& one : examples) {
        request_head out;
        ASSERT_EQ(parse_head(head(one.fields, "GET / " + one.version), head_limits{}, out), refusal{});
        EXPECT_EQ(out.keep_alive, one.stays) << one.version << " " << one.fields;
    }
}

TEST(ParseHead, LetsOldClientsLeaveOutTheHost) { EXPECT_EQ(status_of("GET / HTTP/1.0\r\n\r\n"), 0U); }

TEST(ParseHead, IgnoresUpgradeAndExpectOfOldClients)
{
    EXPECT_EQ(status_of(head("Upgrade: h2c\r\nHTTP2-Settings: AAA\r\nConnection: Upgrade\r\n")), 0U);
    EXPECT_EQ(status_of(head("Expect: anything\r\n", "POST / HTTP/1.0")), 0U);
}

TEST(ParseHead, KnowsTheHttp2Preface)
{
    request_head out;
    EXPECT_TRUE(parse_head("PRI * HTTP/2.0\r\n\r\n", head_limits{}, out));
    EXPECT_TRUE(out.http_2_preface);
}

TEST(ParseHead, CountsFieldsAndTargetBytes)
{
    const auto with_fields = [](int count) {
        std::string fields;
        for (int i = 1; i < count; ++i) fields += "A: b\r\n";  // Host is the first
        return head(fields);
    };
    EXPECT_EQ(status_of(with_fields(63)), 0U);
    EXPECT_EQ(status_of(with_fields(64)), 0U);
    EXPECT_EQ(status_of(with_fields(65)), 431U);

    const auto with_target = [](std::size_t size) {
        return head("", "GET /" + std::string(size - 1, 'a') + " HTTP/1.1");
    };
    EXPECT_EQ(status_of(with_target(4095)), 0U);
    EXPECT_EQ(status_of(with_target(4096)), 0U);
    EXPECT_EQ(status_of(with_target(4097)), 414U);
}

TEST(ParseHead, NeverReadsBeyondATruncatedHead)
{
    const std::string whole = head("Content-Length: 12\r\nConnection: close\r\nExpect: 100-continue\r\n");
    // What is said of a head that ends with or before this text, and behind the one above.
    struct stretch {
        std::string_view last;
        unsigned status;
    };
    constexpr std::array<stretch, 15> stretches{{{"Host: ", 400},
                                                 {"localhost\r\n", 0},
                                                 {"Content-Length: ", 400},
                                                 {"12", 0},
                                                 {"12\r", 400},
                                                 {"12\r\n", 0},
                                                 {"Connection", 400},
                                                 {"close\r\n", 0},
                                                 {"Expect", 400},
                                                 {"100-continu", 417},
                                                 {"100-continue", 0},
                                                 {"100-continue\r", 417},
                                                 {"100-continue\r\n", 0},
                                                 {"100-continue\r\n\r", 400},
                                                 {"\r\n\r\n", 0}}};
    std::size_t size = 0;
    for (const stretch& one : stretches) {
        for (const std::size_t end = whole.find(one.last) + one.last.size(); size <= end; ++size) {
            const testing::guarded_bytes cut(std::string_view(whole).substr(0, size));
            request_head out;
            EXPECT_EQ(parse_head(cut.view(), head_limits{}, out).status, one.status) << size << " " << one.last;
        }
    }
    EXPECT_EQ(size, whole.size() + 1);
}

TEST(HeadScanner, FindsTheEndWhereverTheBytesAreSplit)
{
    const std::string whole = head("A: b\r\n") + "body";
    const std::size_t size = whole.size() - 4;
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        head_scanner scanner;
        const auto first = scanner.scan(std::string_view(whole).substr(0, cut));
        EXPECT_EQ(first, cut >= size ? head_scanner::state::complete : head_scanner::state::incomplete) << cut;
        if (first == head_scanner::state::incomplete) {
            EXPECT_EQ(scanner.scan(whole), head_scanner::state::complete) << cut;
        }
        EXPECT_EQ(scanner.size(), size) << cut;
    }
}

TEST(HeadScanner, SeesForbiddenBytesAtOnce)
{
    const std::vector<std::string> examples{
        "\r\n",
        "\n",
        " GET",
        "\x16\x03\x01",
        "GET / HTTP/1.1\n",
        "GET / HTTP/1.1\rHost",
        "GET /\0 "s,
        "GET /\x01",
        "GET /\x7f",
        "GET / HTTP/1.1\r\nA: \x1b",
        "GET / HTTP/1.1\r\nA: b\nC",
        "\tGET",
        "GET / HTTP/1.1\r\nA: b\r\r\n",
        "\x80",
    };
    for (const std::string& bytes : examples) {
        EXPECT_EQ(head_scanner().scan(bytes), head_scanner::state::malformed) << ::testing::PrintToString(bytes);
    }
}

TEST(HeadScanner, LeavesTabsAndHighBytesOfValuesAlone)
{
    EXPECT_EQ(head_scanner().scan("GET / HTTP/1.1\r\nA:\tb\xc3\xa9\xff\r\n\r\n"), head_scanner::state::complete);
}

chunk_scanner::state scan_whole(std::string_view body, std::size_t& used)
{
    chunk_scanner scanner;
    return scanner.scan(body, used);
}

TEST(ChunkScanner, FindsTheEndWhereverTheBytesAreSplit)
{
    const std::string body = "3\r\nabc\r\n00A;ext=\"1\"; b\r\n0123456789\r\n0\r\nTrailer: x\r\nB:\r\n\r\n";
    for (std::size_t step = 1; step <= body.size(); ++step) {
        chunk_scanner scanner;
        auto reached = chunk_scanner::state::incomplete;
        for (std::size_t at = 0; at < body.size(); at += step) {
            ASSERT_EQ(reached, chunk_scanner::state::incomplete);
            std::size_t used = 0;
            const std::string piece = body.substr(at, step);
            reached = scanner.scan(piece, used);
            EXPECT_EQ(used, piece.size());
        }
        EXPECT_EQ(reached, chunk_scanner::state::complete) << step;
    }
}

TEST(ChunkScanner, LeavesWhatFollowsAlone)
{
    std::size_t used = 0;
    EXPECT_EQ(scan_whole("0\r\n\r\nGET / HTTP/1.1", used), chunk_scanner::state::complete);
    EXPECT_EQ(used, 5U);
}

TEST(ChunkScanner, RefusesWhatHasTwoReadings)
{
    const std::vector<std::string> examples{
        "x\r\n",
        "\r\n",
        "-1\r\na\r\n",
        "+1\r\na\r\n",
        "0x1\r\na\r\n",
        "0x0\r\n\r\n",
        " 1\r\na\r\n",
        "1 \r\na\r\n",
        "1\t;x\r\na\r\n",
        "1\na\n0\n\n",
        "1\r\nab\r\n",
        "1\r\na\n",
        "1\ra",
        "1\r\na\r0\r\n\r\n",
        "000000001\r\na\r\n",
        "100000000\r\n",
        "1;a\nb\r\na\r\n",
        "1;\x01\r\na\r\n",
        "0\r\nno colon\r\n",
        "0\r\n: x\r\n",
        "0\r\n folded\r\n",
        "0\r\na: b\n\n",
        "0\r\na: b\r\n c\r\n",
        "0\r\na : b\r\n",
        "0\n\n",
        "0\r\n\n",
        "1,\r\na\r\n",
        "1\0\r\na\r\n"s,
        "0;" + std::string(257, 'x') + "\r\n\r\n",
        "0\r\na:" + std::string(1024, 'x') + "\r\n\r\n",
    };
    for (const std::string& body : examples) {
        std::size_t used = 0;
        EXPECT_EQ(scan_whole(body, used), chunk_scanner::state::malformed) << ::testing::PrintToString(body);
    }
}

}  // namespace
}  // namespace nodescope::http
