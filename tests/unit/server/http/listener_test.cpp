#include "server/http/listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace nodescope::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class temporary_folder {
public:
    temporary_folder() { path_ = mkdtemp(template_); }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }

private:
    char template_[24] = "/tmp/listener_XXXXXX";
    std::string path_;
};

mode_t mode_of(const std::string& path)
{
    struct stat found {};
    return stat(path.c_str(), &found) == 0 ? found.st_mode & 07777U : 0;
}

// Names of listeners are written one way, --listen in several.
TEST(NotAmong, FindsAnAddressHoweverItIsSpelled)
{
    const std::vector<std::string> taken{"127.0.0.1:80", "[::1]:80", "unix:/run/a", "unix:@abstract"};
    EXPECT_EQ(not_among(taken, {"localhost:80", "[::1]:80", "unix:///run/a"}), std::vector<std::string>{});
    const std::vector<std::string> others{"127.0.0.1:81", "127.0.0.2:80", "unix:/run/b"};
    EXPECT_EQ(not_among(taken, others), others);
    EXPECT_EQ(not_among({}, others), others);
}

TEST(ListenAddress, ReadsItsThreeForms)
{
    const auto v4 = parse_listen_address("127.0.0.1:8095").value();
    EXPECT_EQ(v4.host, "127.0.0.1");
    EXPECT_EQ(v4.port, 8095);
    const auto v6 = parse_listen_address("[::1]:0").value();
    EXPECT_EQ(v6.host, "::1");
    EXPECT_EQ(v6.port, 0);
    EXPECT_EQ(parse_listen_address("localhost:80").value().host, "127.0.0.1");
    EXPECT_EQ(parse_listen_address("unix:/run/x.sock").value().path, "/run/x.sock");
    EXPECT_EQ(parse_listen_address("unix:///run/x.sock").value().path, "/run/x.sock");
}

TEST(ListenAddress, RefusesTheRest)
{
    for (const std::string text :
         {"", "127.0.0.1", ":8095", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[::1]",
          "[127.0.0.1]:80", "example.com:80", "127.1.1:80 ", "unix:", "unix:x", "unix://x", "http://127.0.0.1:80",
          "256.0.0.1:80", "[]:80", "127.0.0.1:80x"}) {
        const auto refused = parse_listen_address(text);
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().kind(), failure::invalid);
        EXPECT_THAT(refused.error().message(), HasSubstr("\"" + text + "\""));
    }
    EXPECT_TRUE(parse_listen_address("unix:/" + std::string(106, 'x')));
    EXPECT_FALSE(parse_listen_address("unix:/" + std::string(107, 'x')));
}

TEST(ListenAddress, KnowsWhatOtherMachinesCanReach)
{
    for (const std::string text :
         {"127.0.0.1:1", "127.8.9.10:1", "[::1]:1", "localhost:1", "unix:/x", "[::ffff:127.0.0.1]:1"}) {
        EXPECT_TRUE(is_local(parse_listen_address(text).value())) << text;
    }
    for (const std::string text :
         {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[2001:db8::1]:1", "128.0.0.1:1", "[::ffff:10.0.0.1]:1"}) {
        EXPECT_FALSE(is_local(parse_listen_address(text).value())) << text;
    }
}

TEST(Listener, NamesThePortThatTheKernelChose)
{
    auto opened = listener::open(parse_listen_address("127.0.0.1:0").value());
    ASSERT_TRUE(opened);
    EXPECT_THAT(opened->name(), StartsWith("127.0.0.1:"));
    EXPECT_NE(opened->name(), "127.0.0.1:0");
    const unique_fd socket = opened->take_socket();
    EXPECT_NE(fcntl(socket.get(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(fcntl(socket.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(Listener, SaysWhichAddressIsInUse)
{
    const auto first = listener::open(parse_listen_address("127.0.0.1:0").value());
    ASSERT_TRUE(first);
    const auto second = listener::open(parse_listen_address(first->name()).value());
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message(), HasSubstr(first->name()));
}

TEST(Listener, MakesASocketFileForOwnerAndGroupAndRemovesIt)
{
    const temporary_folder folder;
    const std::string path = folder / "s";
    for (const mode_t mask : {0U, 0077U}) {
        const mode_t before = umask(mask);
        auto opened = listener::open(parse_listen_address("unix:" + path).value());
        umask(before);
        ASSERT_TRUE(opened);
        EXPECT_EQ(mode_of(path), 0660U);
        EXPECT_EQ(opened->name(), "unix:" + path);
        const listener moved = std::move(*opened);
        EXPECT_TRUE(std::filesystem::exists(path));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Listener, AnAddressThatSomebodyHasIsAConflict)
{
    const auto first = listener::open(parse_listen_address("127.0.0.1:0").value());
    ASSERT_TRUE(first);

    const auto second = listener::open(parse_listen_address(first->name()).value());

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(),
              error(failure::conflict, "listen on " + first->name() + ": bind: Address already in use"));
}

TEST(Listener, ReplacesOnlyASocketNobodyListensOn)
{
    const temporary_folder folder;
    const auto address = parse_listen_address("unix:" + (folder / "s")).value();
    {
        auto first = listener::open(address);
        ASSERT_TRUE(first);
        const auto second = listener::open(address);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().kind(), failure::conflict);
        EXPECT_TRUE(std::filesystem::exists(address.path));
        // As a crash leaves it: the file is there, and nobody has the socket.
        const std::string kept = folder / "kept";
        std::filesystem::rename(address.path, kept);
        first->take_socket().reset();
        std::filesystem::rename(kept, address.path);
        const auto third = listener::open(address);
        EXPECT_TRUE(third);
    }
}

TEST(Listener, LeavesAFileThatIsNoSocketAlone)
{
    const temporary_folder folder;
    const auto address = parse_listen_address("unix:" + (folder / "f")).value();
    std::ofstream(address.path) << "precious";
    const auto refused = listener::open(address);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("not a socket"));
    EXPECT_TRUE(std::filesystem::is_regular_file(address.path));
}

TEST(Listener, LeavesTheFileOfItsSuccessorAlone)
{
    const temporary_folder folder;
    const auto address = parse_listen_address("unix:" + (folder / "s")).value();
    auto first = listener::open(address);
    ASSERT_TRUE(first);
    std::filesystem::remove(address.path);
    const auto second = listener::open(address);
    ASSERT_TRUE(second);
    {
        const listener gone = std::move(*first);
    }
    EXPECT_TRUE(std::filesystem::exists(address.path));
}

TEST(Listener, AdoptsListeningStreamSocketsOnly)
{
    auto opened = listener::open(parse_listen_address("127.0.0.1:0").value());
    ASSERT_TRUE(opened);
    const std::string name = opened->name();
    const auto adopted = listener::adopt(opened->take_socket());
    ASSERT_TRUE(adopted);
    EXPECT_EQ(adopted->name(), name);

    EXPECT_FALSE(listener::adopt(unique_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))));
    EXPECT_FALSE(listener::adopt(unique_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))));
    EXPECT_FALSE(listener::adopt(unique_fd(::open("/dev/null", O_RDONLY | O_CLOEXEC))));
}

}  // namespace
}  // namespace nodescope::http
