// Which of the places is asked where an engine may listen.
#include "collectors/runtime/docker/engine_places.hpp"
#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace nodescope::docker {
namespace {

using http_client::endpoint;
using presence = engine_places::presence;

class EnginePlaces : public ::testing::Test {
protected:
    engine_places of(const std::vector<std::string>& names, presence needed = presence::exists,
                     const std::vector<std::string>& others = {})
    {
        std::vector<engine_places::place> all;
        for (const std::string& name : names) {
            http_client::server_address where(endpoint(endpoint::transport::unix_socket, path(name), "", 0), "", name);
            auto http = http_client::make_client(reactor_.get_executor(), where.to, {}, http_client::options());
            all.emplace_back(std::move(where), std::move(*http));
        }
        std::vector<std::string> paths;
        paths.reserve(others.size());
        for (const std::string& name : others) paths.push_back(path(name));
        return {std::move(all), needed, std::move(paths)};
    }
    [[nodiscard]] std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
    void make(const std::string& name, ::mode_t mode = 0666) const
    {
        std::ofstream(path(name)) << "";
        ::chmod(path(name).c_str(), mode);
    }

    boost::asio::io_context reactor_{1};
    testing::temporary_directory directory_;
};

TEST_F(EnginePlaces, TheFirstThatIsThereIsAsked)
{
    const engine_places places = of({"a", "b"});
    EXPECT_FALSE(places.present());
    EXPECT_EQ(places.now().where.text, "a") << "for its sentence";
    make("b");
    EXPECT_TRUE(places.present());
    EXPECT_EQ(places.now().where.text, "b");
    make("a");
    EXPECT_EQ(places.now().where.text, "a");
    std::filesystem::remove(path("a"));
    EXPECT_EQ(places.now().where.text, "b");
}

/// While it lives, the rights of root are not there.
class without_root {
public:
    without_root()
    {
        const ::uid_t nobody = 65534;
        EXPECT_EQ(::seteuid(was_ == 0 ? nobody : was_), 0);
    }
    without_root(const without_root&) = delete;
    without_root& operator=(const without_root&) = delete;
    ~without_root() { EXPECT_EQ(::seteuid(was_), 0); }

private:
    const ::uid_t was_ = ::geteuid();
};

TEST_F(EnginePlaces, WhatMayNotBeConnectedToComesLast)
{
    ::chmod(directory_.path().c_str(), 0755);
    make("a", 0);
    make("b");
    const without_root plain;
    EXPECT_TRUE(of({"a"}).present());
    EXPECT_FALSE(of({"a"}, presence::usable).present());
    EXPECT_EQ(of({"a"}).now().where.text, "a");
    EXPECT_EQ(of({"a", "b"}).now().where.text, "b");
}

TEST_F(EnginePlaces, TheSocketOfAnotherIsLeftToIt)
{
    make("podman.sock");
    std::filesystem::create_symlink(path("podman.sock"), path("docker.sock"));
    EXPECT_TRUE(of({"docker.sock"}).present());
    EXPECT_FALSE(of({"docker.sock"}, presence::exists, {"podman.sock"}).present());
    EXPECT_TRUE(of({"docker.sock"}, presence::exists, {"nothing.sock"}).present());
    make("other.sock");
    EXPECT_EQ(of({"docker.sock", "other.sock"}, presence::exists, {"podman.sock"}).now().where.text, "other.sock");
}

}  // namespace
}  // namespace nodescope::docker
