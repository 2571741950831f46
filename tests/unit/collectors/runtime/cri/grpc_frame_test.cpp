#include "collectors/runtime/cri/grpc_frame.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::cri {
namespace {

using namespace std::chrono_literals;

TEST(GrpcFrame, StandsBeforeAMessage)
{
    EXPECT_EQ(framed_message(""), std::string(5, '\0'));
    EXPECT_EQ(framed_message("abc"), std::string("\0\0\0\0\3abc", 8));
    EXPECT_EQ(framed_message(std::string(70'000, 'x')).substr(0, 5), std::string("\0\0\1\x11\x70", 5));
}

TEST(GrpcTimeout, IsMilliseconds)
{
    EXPECT_EQ(grpc_timeout(10s), "10000m");
    EXPECT_EQ(grpc_timeout(0s), "1m") << "0 is no timeout";
    EXPECT_EQ(grpc_timeout(-5s), "1m");
    EXPECT_EQ(grpc_timeout(48h), "99999999m") << "eight digits are all there are";
}

TEST(GrpcMessage, HasItsEscapesResolved)
{
    EXPECT_EQ(decoded_grpc_message(""), "");
    EXPECT_EQ(decoded_grpc_message("not found"), "not found");
    EXPECT_EQ(decoded_grpc_message("caf%C3%A9%0a%25"), "caf\xc3\xa9\n%");
    EXPECT_EQ(decoded_grpc_message("100%"), "100%");
    EXPECT_EQ(decoded_grpc_message("%4"), "%4");
    EXPECT_EQ(decoded_grpc_message("%zz%+1%-1"), "%zz%+1%-1");
}

TEST(MessageReader, TakesAMessageInPiecesOfAnySize)
{
    const std::string message = "a message of some length";
    const std::string framed = framed_message(message);
    for (std::size_t size = 1; size <= framed.size(); ++size) {
        message_reader reader(1024);
        for (std::size_t at = 0; at < framed.size(); at += size) {
            EXPECT_FALSE(reader.is_whole()) << at;
            ASSERT_TRUE(reader.take(std::string_view(framed).substr(at, size)));
        }
        ASSERT_TRUE(reader.is_whole()) << "in pieces of " << size;
        EXPECT_EQ(reader.take_message(), message);
    }
}

TEST(MessageReader, TakesAnEmptyMessage)
{
    message_reader reader(0);
    EXPECT_FALSE(reader.is_whole()) << "no message is not an empty one";
    ASSERT_TRUE(reader.take(framed_message("")));
    EXPECT_TRUE(reader.is_whole());
}

TEST(MessageReader, RefusesTooLongAMessageByItsFirstBytes)
{
    message_reader reader(16);
    const auto taken = reader.take(std::string("\0\xff\xff\xff\xff", 5));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().kind(), failure::too_large);
    EXPECT_NE(taken.error().message().find("4294967295 bytes"), std::string::npos) << taken.error().message();
    EXPECT_TRUE(message_reader(3).take(framed_message("abc")));
    EXPECT_FALSE(message_reader(2).take(framed_message("abc")));
}

TEST(MessageReader, RefusesCompressionAndASecondMessage)
{
    EXPECT_EQ(message_reader(16).take(std::string("\1\0\0\0\0", 5)).error().kind(), failure::malformed);
    message_reader reader(16);
    ASSERT_TRUE(reader.take(framed_message("abc")));
    EXPECT_EQ(reader.take("d").error().kind(), failure::malformed);
    EXPECT_EQ(message_reader(16).take(framed_message("abc") + "d").error().kind(), failure::malformed);
}

}  // namespace
}  // namespace nodescope::cri
