#include "collectors/kubernetes/access.hpp"

#include "collectors/kubernetes/credential_file.hpp"
#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace nodescope::kubernetes {
namespace {

using http_client::endpoint;
using testing::temporary_directory;

std::string message_of(const result<server_address>& parsed)
{
    return parsed ? parsed->text : parsed.error().message();
}

TEST(ParseServerUrl, TakesTheFormsInUse)
{
    struct row {
        const char* text;
        endpoint::transport kind;
        const char* host;
        std::uint16_t port;
        const char* base;
        const char* header;
    };
    constexpr auto tls = endpoint::transport::tls;
    constexpr auto tcp = endpoint::transport::tcp;
    for (const row& each : {row{"https://10.0.0.1:6443", tls, "10.0.0.1", 6443, "", "10.0.0.1:6443"},
                            row{"https://api.example", tls, "api.example", 443, "", "api.example:443"},
                            row{"https://api.example:443/k8s/clusters/c1/", tls, "api.example", 443, "/k8s/clusters/c1",
                                "api.example:443"},
                            row{"https://[fd00::1]:6443/", tls, "fd00::1", 6443, "", "[fd00::1]:6443"},
                            row{"http://127.0.0.1:8001", tcp, "127.0.0.1", 8001, "", "127.0.0.1:8001"},
                            row{"http://localhost:8001", tcp, "localhost", 8001, "", "localhost:8001"},
                            row{"http://[::1]", tcp, "::1", 80, "", "[::1]:80"}}) {
        const auto parsed = parse_server_url(each.text);
        ASSERT_TRUE(parsed) << each.text << ": " << parsed.error().message();
        EXPECT_EQ(parsed->to.kind, each.kind) << each.text;
        EXPECT_EQ(parsed->to.host, each.host) << each.text;
        EXPECT_EQ(parsed->to.port, each.port) << each.text;
        EXPECT_EQ(parsed->base_path, each.base) << each.text;
        EXPECT_EQ(parsed->authority(), each.header) << each.text;
    }
    EXPECT_EQ(message_of(parse_server_url("https://[fd00::1]/b/")), "https://[fd00::1]:443/b");
}

TEST(ParseServerUrl, RefusesTheRest)
{
    for (const char* bad :
         {"", "10.0.0.1:6443", "https://", "https:///x", "ftp://a", "unix:///run/x", "https://a:0", "https://a:65536",
          "https://a:x", "https://a?x=1", "https://a#b", "https://user:s3cret@a", "http://10.0.0.1", "http://0.0.0.0",
          "http://localhost.evil.example", "https://a//b", "https://a b", "https://a\r\nX: y", "//a"}) {
        const auto parsed = parse_server_url(bad);
        ASSERT_FALSE(parsed) << bad;
        EXPECT_EQ(parsed.error().kind(), failure::invalid) << bad;
        EXPECT_EQ(parsed.error().message().find("s3cret"), std::string::npos);
    }
    EXPECT_EQ(message_of(parse_server_url("http://10.0.0.1")),
              "\"http://10.0.0.1\" cannot be used: http is taken for loopback addresses only, because tokens would "
              "travel in the clear");
}

/// A kubeconfig whose parts a test replaces.
struct config_text {
    std::string cluster = "    server: https://10.0.0.1:6443\n";
    std::string user = "    token: inline-token\n";
    std::string tail;

    [[nodiscard]] std::string text() const
    {
        return "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
               "contexts:\n- name: other\n  context:\n    cluster: none\n"
               "- name: here\n  context:\n    cluster: c\n    user: u\n"
               "clusters:\n- name: c\n  cluster:\n" +
               cluster + "users:\n- name: u\n  user:\n" + user + tail;
    }
};

std::string refusal_of(const config_text& config)
{
    const temporary_directory folder;
    const std::string path = folder.write("config", config.text());
    const auto access = read_kubeconfig(path);
    if (access) return "accepted";
    EXPECT_EQ(access.error().kind(), failure::invalid);
    const std::string start = "kubeconfig " + path + ": ";
    EXPECT_EQ(access.error().message().find(start), 0U) << access.error().message();
    return access.error().message().substr(start.size());
}

TEST(ReadKubeconfig, FollowsTheCurrentContext)
{
    const temporary_directory folder;
    config_text config;
    config.cluster =
        "    server: https://10.0.0.1:6443/base\n    certificate-authority-data: Q0E=\n"
        "    tls-server-name: api.example\n";
    config.user = "    client-certificate-data: Q0VSVA==\n    client-key-data: S0VZ\n    token: inline-token\n";
    const auto access = read_kubeconfig(folder.write("config", config.text()));
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->server.text, "https://10.0.0.1:6443/base");
    EXPECT_EQ(access->tls.ca_pem, "CA");
    EXPECT_EQ(access->tls.certificate_pem, "CERT");
    EXPECT_EQ(access->tls.key_pem, "KEY");
    EXPECT_EQ(access->tls.server_name, "api.example");
    EXPECT_EQ(access->token, "inline-token");
}

TEST(ReadKubeconfig, ReadsFilesRelativeToItself)
{
    const temporary_directory folder;
    folder.write("sub/ca.pem", "the CA");
    folder.write("cert.pem", "the certificate");
    const std::string key = folder.write("key.pem", "the key");
    folder.write("sub/token", "  from-file\n");
    config_text config;
    config.cluster = "    server: https://10.0.0.1:6443\n    certificate-authority: ca.pem\n";
    config.user = "    client-certificate: ../cert.pem\n    client-key: " + key +
                  "\n    tokenFile: token\n    token: inline-token\n";
    const auto access = read_kubeconfig(folder.write("sub/config", config.text()));
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->tls.ca_pem, "the CA");
    EXPECT_EQ(access->tls.certificate_pem, "the certificate");
    EXPECT_EQ(access->tls.key_pem, "the key");
    EXPECT_EQ(access->token, "from-file");
}

TEST(ReadKubeconfig, TakesJsonAndAnonymousUsers)
{
    const temporary_directory folder;
    const auto access = read_kubeconfig(
        folder.write("config", R"({"current-context":"h","contexts":[{"name":"h","context":{"cluster":"c"}}],
                      "clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:8001"}}]})"));
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->token, "");
    EXPECT_EQ(access->server.text, "http://127.0.0.1:8001");
}

TEST(ReadKubeconfig, RefusesWhatItCannotHonour)
{
    const auto of_cluster = [](const char* line) {
        config_text config;
        config.cluster += line;
        return refusal_of(config);
    };
    const auto of_user = [](const char* line) {
        config_text config;
        config.user += line;
        return refusal_of(config);
    };
    EXPECT_EQ(
        of_cluster("    insecure-skip-tls-verify: true\n"),
        "cluster \"c\": insecure-skip-tls-verify is refused, because the server's certificate is always verified; "
        "give its CA as certificate-authority");
    EXPECT_EQ(of_cluster("    insecure-skip-tls-verify: false\n"), "accepted");
    EXPECT_EQ(of_cluster("    proxy-url: http://p\n"), "cluster \"c\": proxy-url is not supported");
    EXPECT_EQ(of_user("    exec: {command: sh}\n"),
              "user \"u\": exec plugins are not run; give a token, a tokenFile or a client certificate");
    EXPECT_EQ(of_user("    auth-provider: {name: gcp}\n"),
              "user \"u\": auth-provider plugins are not supported; give a token, a tokenFile or a client certificate");
    EXPECT_EQ(of_user("    username: me\n"),
              "user \"u\": username and password are not supported; give a token, a tokenFile or a client certificate");
    EXPECT_EQ(of_user("    as: admin\n"), "user \"u\": impersonation is not supported");
    EXPECT_EQ(of_user("    as: ''\n"), "accepted");
    EXPECT_EQ(of_user("    client-key-data: S0VZ\n"),
              "user \"u\": client-certificate and client-key are only useful together");
    EXPECT_EQ(of_user("    client-key-data: '*'\n"), "user \"u\": client-key-data is not base64");
    EXPECT_EQ(of_user("    client-key-data: [1]\n"), "user \"u\": client-key-data is not a string");
    EXPECT_NE(of_user("    tokenFile: missing\n").find("/missing: No such file or directory"), std::string::npos);
    EXPECT_NE(of_user("    client-certificate: missing\n").find("No such file or directory"), std::string::npos);
}

TEST(ReadKubeconfig, SaysWhatIsMissing)
{
    const temporary_directory folder;
    const auto refusal = [&folder](std::string_view text) {
        const std::string path = folder.write("config", text);
        const auto access = read_kubeconfig(path);
        return access ? std::string("accepted") : access.error().message().substr(("kubeconfig " + path + ": ").size());
    };
    EXPECT_EQ(refusal(""), "it is not a mapping");
    EXPECT_EQ(refusal("- a\n"), "it is not a mapping");
    EXPECT_EQ(refusal("kind: Pod\n"), "its kind is \"Pod\", not Config");
    EXPECT_EQ(refusal("kind: Config\n"), "current-context is not set");
    EXPECT_EQ(refusal("current-context: a\n"), "context \"a\" is not defined");
    EXPECT_EQ(refusal("current-context: a\ncontexts: {}\n"), "contexts is not a list");
    EXPECT_EQ(refusal("current-context: a\ncontexts: [{name: a}]\n"), "context \"a\": cluster is not set");
    EXPECT_EQ(refusal("current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\n"),
              "cluster \"c\" is not defined");
    EXPECT_EQ(refusal("current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [3, {name: c}]\n"),
              "cluster \"c\": server is not set");
    EXPECT_EQ(refusal("a: [\nb: s3cret"), "not a kubeconfig in YAML (line 2)");
    const auto absent = read_kubeconfig((folder.path() / "absent").string());
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().kind(), failure::invalid);
    EXPECT_TRUE(absent.error().message().ends_with("/absent: No such file or directory"));
}

TEST(ReadKubeconfig, SurvivesEveryTruncation)
{
    const temporary_directory folder;
    const std::string whole = config_text().text();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto access = read_kubeconfig(folder.write("config", whole.substr(0, length)));
        // A cut token is still a token; anything before it cannot be used.
        if (length < whole.find("token:")) {
            EXPECT_TRUE(!access || access->token.empty()) << length;
        }
    }
}

TEST(ReadServiceAccount, ReadsTheMountedFiles)
{
    const temporary_directory folder;
    folder.write("token", "pod-token\n");
    folder.write("ca.crt", "the CA");
    const auto access = read_service_account(folder.path().string(), "fd00::1", "6443");
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->server.text, "https://[fd00::1]:6443");
    EXPECT_EQ(access->server.to.host, "fd00::1");
    EXPECT_EQ(access->token, "pod-token");
    EXPECT_EQ(access->tls.ca_pem, "the CA");
    EXPECT_EQ(read_service_account(folder.path().string(), "10.0.0.1", "")->server.text, "https://10.0.0.1:443");
}

TEST(ReadServiceAccount, SaysWhatIsMissing)
{
    const temporary_directory folder;
    const std::string path = folder.path().string();
    EXPECT_EQ(read_service_account(path, "10.0.0.1", "443").error().message(),
              "service account: open " + path + "/token: No such file or directory");
    folder.write("token", "t");
    EXPECT_EQ(read_service_account(path, "10.0.0.1", "443").error().message(),
              "service account: open " + path + "/ca.crt: No such file or directory");
    EXPECT_FALSE(read_service_account(path, "10.0.0.1", "tcp://10.0.0.1:443"));
    EXPECT_FALSE(read_service_account(path, "10.0.0.1\r\nX: y", "443"));
}

TEST(CheckedToken, TakesVisibleCharactersOnly)
{
    EXPECT_EQ(checked_token(" \tabc.def-_~+/=\r\n", "token").value(), "abc.def-_~+/=");
    for (const std::string_view bad :
         {std::string_view(""), std::string_view(" \n"), std::string_view("a b"), std::string_view("a\r\nX: y"),
          std::string_view("a\0b", 3), std::string_view("s3cr\xc3\xa4t")}) {
        const auto token = checked_token(bad, "/x/token");
        ASSERT_FALSE(token);
        EXPECT_EQ(token.error().kind(), failure::invalid);
        EXPECT_EQ(token.error().message().find("/x/token holds "), 0U);
        EXPECT_EQ(token.error().message().find("s3cr"), std::string::npos);
    }
}

TEST(ReadCredentialFile, TakesRegularFilesOfABoundedSize)
{
    const temporary_directory folder;
    EXPECT_EQ(read_credential_file(folder.write("full", std::string(credential_file_limit, 'x')))->size(),
              credential_file_limit);
    const auto large = read_credential_file(folder.write("large", std::string(credential_file_limit + 1, 'x')));
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().kind(), failure::too_large);
    const auto directory = read_credential_file(folder.path().string());
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().message(), folder.path().string() + " is not a regular file");
    const std::string fifo = (folder.path() / "fifo").string();
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_FALSE(read_credential_file(fifo));
}

}  // namespace
}  // namespace nodescope::kubernetes
