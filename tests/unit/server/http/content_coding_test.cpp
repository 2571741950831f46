// Answers in gzip: when, and that they are what they were. RFC 9110, 12.5.3; RFC 1952.
#include "server/http/content_coding.hpp"

#include "server/http/framing.hpp"

#include <gtest/gtest.h>

#include <boost/beast/zlib/inflate_stream.hpp>

#include <random>
#include <string>

namespace nodescope::http {
namespace {

TEST(AcceptEncoding, AllowsGzipOrDoesNot)
{
    for (const char* const value : {"gzip", "GZip", "x-gzip", "deflate, gzip", "gzip;q=1.0, identity; q=0.5", "*",
                                    "br,*;q=0.1", " gzip ; q=0.001", "*;q=0, gzip", "gzip;x=0"}) {
        EXPECT_TRUE(accepts_gzip(value)) << value;
    }
    for (const char* const value : {"", ",", "identity", "deflate", "gzip;q=0", "gzip; q=0.000", "gzip;q=", "*;q=0",
                                    "gzip;q=0, *", "gzipped", "g zip", ";q=1"}) {
        EXPECT_FALSE(accepts_gzip(value)) << value;
    }
}

TEST(AcceptEncoding, IsReadOffTheHead)
{
    const auto taken = [](const std::string& fields) {
        request_head out;
        EXPECT_FALSE(parse_head("GET / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n", head_limits{}, out));
        return out.accepts_gzip;
    };
    EXPECT_FALSE(taken(""));
    EXPECT_TRUE(taken("ACCEPT-encoding: gzip\r\n"));
    EXPECT_TRUE(taken("Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n")) << "a list may stand in several lines";
    EXPECT_FALSE(taken("Accept-Encoding: br\r\n"));
}

/// What a reader of deflate makes of the middle; the ends are looked at by who calls.
std::string inflated(const std::string& coded, std::size_t most)
{
    namespace zlib = boost::beast::zlib;
    std::string out(most + 1, '\0');
    zlib::inflate_stream stream;
    zlib::z_params step;
    step.next_in = coded.data() + 10;
    step.avail_in = coded.size() - 18;
    step.next_out = out.data();
    step.avail_out = out.size();
    boost::system::error_code state;
    stream.write(step, zlib::Flush::finish, state);
    EXPECT_EQ(state, zlib::error::end_of_stream);
    EXPECT_EQ(step.avail_in, 0U);
    out.resize(out.size() - step.avail_out);
    return out;
}

TEST(Gzip, GivesBackWhatItWas)
{
    std::mt19937 random(1);
    std::string noise;
    for (int i = 0; i < 300'000; ++i) noise += static_cast<char>(random());
    std::string metrics;
    for (int i = 0; i < 20'000; ++i) metrics += "container_memory_rss{id=\"/" + std::to_string(i) + "\"} 1\n";
    for (const std::string& plain : {std::string(), std::string("x"), noise, metrics}) {
        const auto coded = blocking_gzip(plain, abandon_flag());
        ASSERT_TRUE(coded);
        ASSERT_GE(coded->size(), 18U);
        EXPECT_EQ(coded->substr(0, 3), "\x1f\x8b\x08");
        EXPECT_EQ(inflated(*coded, plain.size()), plain);
        std::uint32_t length = 0;
        for (std::size_t i = 1; i <= 4; ++i)
            length = length << 8U | static_cast<unsigned char>((*coded)[coded->size() - i]);
        EXPECT_EQ(length, plain.size());
        EXPECT_EQ(gunzip(*coded), plain);
    }
    EXPECT_LT(blocking_gzip(metrics, abandon_flag())->size(), metrics.size() / 8);
    const auto check = blocking_gzip("123456789", abandon_flag());
    EXPECT_EQ(check->substr(check->size() - 8, 4), "\x26\x39\xf4\xcb") << "the check value of CRC-32";
}

TEST(Gzip, EndsWhenNobodyWaits)
{
    abandon_flag gone;
    gone.raise();
    EXPECT_FALSE(blocking_gzip("x", gone));
}

TEST(Gunzip, NoticesDamage)
{
    const std::string coded = blocking_gzip("a text, a text and a text", abandon_flag()).value();
    for (std::size_t kept = 0; kept < coded.size(); ++kept) EXPECT_FALSE(gunzip(coded.substr(0, kept))) << kept;
    // What stands in front of the data is not looked at: it says nothing that is not known.
    for (std::size_t at = 10; at < coded.size() - 4; ++at) {
        std::string other = coded;
        other[at] = static_cast<char>(other[at] ^ 0x10);
        EXPECT_FALSE(gunzip(other)) << at;
    }
    EXPECT_FALSE(gunzip(coded + "x"));
}

}  // namespace
}  // namespace nodescope::http
