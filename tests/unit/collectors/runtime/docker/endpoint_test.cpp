#include "collectors/runtime/docker/endpoint.hpp"
#include "tests/support/fake_peer.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace nodescope::docker {
namespace {

using http_client::endpoint;

struct spelling {
    std::string host;
    bool tls;
    bool insecure;
    std::string text;  ///< what it means; empty: refused
    std::string hint;  ///< part of the sentence when refused
};

std::ostream& operator<<(std::ostream& out, const spelling& one) { return out << one.host; }

class Endpoint : public ::testing::TestWithParam<spelling> {};

INSTANTIATE_TEST_SUITE_P(
    Spellings, Endpoint,
    ::testing::Values(
        spelling{"", false, false, "unix:///var/run/docker.sock", ""},
        spelling{"unix://", false, false, "unix:///var/run/docker.sock", ""},
        spelling{"unix:///run/user/1000/docker.sock", false, false, "unix:///run/user/1000/docker.sock", ""},
        spelling{"unix:///tmp/a b.sock", false, false, "unix:///tmp/a b.sock", ""},
        spelling{"unix:///var/run/docker.sock", true, false, "unix:///var/run/docker.sock", ""},
        spelling{"unix://relative.sock", false, false, "", "begins with a slash"},
        spelling{"unix:///" + std::string(107, 'x'), false, false, "", "at most 107 bytes"},
        spelling{"unix:///" + std::string(106, 'x'), false, false, "unix:///" + std::string(106, 'x'), ""},
        spelling{"unix:/run/docker.sock", false, false, "", "unix:///run/docker.sock"},
        spelling{"/run/docker.sock", false, false, "", "unix:///run/docker.sock"},
        spelling{"tcp://", false, false, "tcp://localhost:2375", ""},
        spelling{"tcp://", true, false, "tcp://localhost:2376", ""},
        spelling{"tcp://127.0.0.1", false, false, "tcp://127.0.0.1:2375", ""},
        spelling{"tcp://127.0.0.1:9999", false, false, "tcp://127.0.0.1:9999", ""},
        spelling{"tcp://:1234", false, false, "tcp://localhost:1234", ""},
        spelling{"127.0.0.1:2375", false, false, "tcp://127.0.0.1:2375", ""},
        spelling{"localhost", false, false, "tcp://localhost:2375", ""},
        spelling{":2375", false, false, "tcp://localhost:2375", ""},
        spelling{"tcp://[::1]:2375", false, false, "tcp://[::1]:2375", ""},
        spelling{"tcp://[::1]", false, false, "tcp://[::1]:2375", ""},
        spelling{"[::1]:2375", false, false, "tcp://[::1]:2375", ""},
        spelling{"tcp://127.0.0.1:2375/base/path/", false, false, "tcp://127.0.0.1:2375/base/path", ""},
        spelling{"tcp://10.0.0.7:2375", false, false, "", "TLS"},
        spelling{"tcp://docker.example.org", false, false, "", "TLS"},
        spelling{"tcp://localhost.example.org", false, false, "", "TLS"},
        spelling{"tcp://0.0.0.0:2375", false, false, "", "TLS"},
        spelling{"tcp://10.0.0.7:2375", false, true, "tcp://10.0.0.7:2375", ""},
        spelling{"tcp://docker.example.org", true, false, "tcp://docker.example.org:2376", ""},
        spelling{"tcp://[fe80::1", true, false, "", "tcp://host:port"},
        spelling{"tcp://[nonsense]:1", true, false, "", "tcp://host:port"},
        spelling{"tcp://::1:2375", true, false, "", "tcp://host:port"},
        spelling{"tcp://127.0.0.1:0", false, false, "", "tcp://host:port"},
        spelling{"tcp://127.0.0.1:65536", false, false, "", "tcp://host:port"},
        spelling{"tcp://127.0.0.1:", false, false, "", "tcp://host:port"},
        spelling{"tcp://127.0.0.1:12x", false, false, "", "tcp://host:port"},
        spelling{"tcp://user@127.0.0.1:1", false, false, "", "tcp://host:port"},
        spelling{"tcp://127.0.0.1:1/a?b", false, false, "", "base path"},
        spelling{"tcp://127.0.0.1:1/../b", false, false, "", "base path"},
        spelling{"tcp://127.0.0.1:1/a\r\nX: y", false, false, "", "base path"},
        spelling{"ssh://root@node", false, false, "", "unix:// and tcp://"},
        spelling{"npipe:////./pipe/docker_engine", false, false, "", "unix:// and tcp://"},
        spelling{"fd://", false, false, "", "unix:// and tcp://"},
        spelling{"http://127.0.0.1:2375", false, false, "", "tcp://"},
        spelling{"https://127.0.0.1:2376", false, false, "", "tcp://"},
        spelling{"UNIX:///run/docker.sock", false, false, "", "unix:// and tcp://"},
        spelling{"://", false, false, "", "unix:// and tcp://"}));

TEST_P(Endpoint, IsReadAsTheDockerCommandReadsIt)
{
    const spelling& one = GetParam();
    const auto got = parse_endpoint(one.host, one.tls, one.insecure);
    if (one.text.empty()) {
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().kind(), failure::invalid);
        EXPECT_NE(got.error().message().find(one.hint), std::string::npos) << got.error();
        EXPECT_TRUE(got.error().message().starts_with("docker host \"")) << got.error();
    } else {
        ASSERT_TRUE(got) << got.error();
        EXPECT_EQ(got->text, one.text);
    }
}

TEST(EndpointParts, AreWhatTheClientNeeds)
{
    const auto with_base = parse_endpoint("tcp://[::1]:99/base", true, false);
    ASSERT_TRUE(with_base);
    EXPECT_EQ(with_base->to.kind, endpoint::transport::tls);
    EXPECT_EQ(with_base->to.host, "::1");
    EXPECT_EQ(with_base->to.port, 99);
    EXPECT_EQ(with_base->base_path, "/base");
    const auto socket = parse_endpoint("unix:///run/x", true, false);
    ASSERT_TRUE(socket);
    EXPECT_EQ(socket->to.kind, endpoint::transport::unix_socket);
    EXPECT_EQ(socket->to.path, "/run/x");
}

TEST(TlsFiles, AreReadWhenThere)
{
    const testing::temporary_directory directory;
    std::ofstream((directory.path() / "ca.pem").string()) << "CA";
    const auto got = read_tls_files((directory.path() / ".").string());
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->ca_pem, "CA");
    EXPECT_EQ(got->key_pem, "");
    std::filesystem::create_directory((directory.path() / "key.pem").string());
    const auto unreadable = read_tls_files((directory.path() / ".").string());
    ASSERT_FALSE(unreadable);
    EXPECT_EQ(unreadable.error().kind(), failure::invalid);
    EXPECT_TRUE(read_tls_files((directory.path() / "nowhere").string()));
    EXPECT_FALSE(read_tls_files((directory.path() / "ca.pem").string()));
}

TEST(Environment, IsReadAsTheDockerCommandReadsIt)
{
    ::setenv("DOCKER_TLS_VERIFY", "1", 1);
    ::setenv("DOCKER_CERT_PATH", "/certs", 1);
    ::setenv("DOCKER_API_VERSION", "1.30", 1);
    const client_options got = options_from_environment(std::chrono::seconds(3));
    for (const char* name : {"DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION"}) ::unsetenv(name);
    EXPECT_TRUE(got.tls);
    EXPECT_EQ(got.certificate_directory, "/certs");
    EXPECT_EQ(got.api_version, "1.30");
    EXPECT_EQ(got.timeout, std::chrono::seconds(3));
    EXPECT_FALSE(options_from_environment(std::chrono::seconds(3)).tls);
}

}  // namespace
}  // namespace nodescope::docker
