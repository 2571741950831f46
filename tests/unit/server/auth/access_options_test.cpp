#include "server/auth/access_options.hpp"

#include <gtest/gtest.h>

namespace nodescope::auth {
namespace {

access_options with(std::vector<std::string> methods)
{
    access_options out;
    out.methods = std::move(methods);
    if (out.has("token-file")) out.files.token_file = "t";
    if (out.has("basic")) out.files.password_file = "p";
    return out;
}

access_options with_tls(access_options options)
{
    options.files.certificate_file = "c";
    options.files.key_file = "k";
    return options;
}

bool may_listen(const access_options& options, const char* address)
{
    return bool(check_exposure(options, http::parse_listen_address(address).value()));
}

// Addresses that other machines reach need TLS and a method of access, or --insecure-listen.
TEST(CheckExposure, AsksForTlsAndAMethodBeyondLoopback)
{
    for (const char* const local : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1", "unix:/x"}) {
        EXPECT_TRUE(may_listen(with({"local-peer"}), local)) << local;
        EXPECT_TRUE(may_listen(with({"none"}), local)) << local;
    }
    for (const char* const reachable :
         {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[2001:db8::1]:1", "[::ffff:10.0.0.1]:1"}) {
        EXPECT_FALSE(may_listen(with({"local-peer"}), reachable)) << reachable;
        EXPECT_FALSE(may_listen(with_tls(with({"local-peer"})), reachable)) << reachable;
        EXPECT_FALSE(may_listen(with({"token-file"}), reachable)) << reachable;
        EXPECT_FALSE(may_listen(with_tls(with({"none"})), reachable)) << reachable;
        EXPECT_TRUE(may_listen(with_tls(with({"token-file"})), reachable)) << reachable;
        EXPECT_TRUE(may_listen(with_tls(with({"local-peer", "basic"})), reachable)) << reachable;
        for (access_options meant : {with({"none"}), with({"token-file"}), with({"local-peer"})}) {
            meant.insecure_listen = true;
            EXPECT_TRUE(may_listen(meant, reachable)) << reachable;
        }
    }
}

TEST(CheckOptions, WantsEachFlagsCompanion)
{
    EXPECT_TRUE(check_options(access_options()));
    EXPECT_TRUE(check_options(with({"token-file", "basic", "local-peer", "kubernetes"})));
    EXPECT_FALSE(check_options(with({})));
    EXPECT_FALSE(check_options(with({"none", "local-peer"})));
    access_options half = with({"local-peer"});
    half.files.certificate_file = "c";
    EXPECT_FALSE(check_options(half));
}

}  // namespace
}  // namespace nodescope::auth
