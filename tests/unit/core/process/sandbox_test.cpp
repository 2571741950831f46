#include "core/process/sandbox.hpp"

#include "core/process/call_filter.hpp"
#include "core/process/child_process.hpp"

#include <gtest/gtest.h>

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace nodescope {
namespace {

/// Longer than anything here takes: it only turns a hang into a failure.
constexpr int sandboxed_hang_limit_ms = 20000;

std::string all_of(const unique_fd& from)
{
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
        pollfd ready{from.get(), POLLIN, 0};
        if (::poll(&ready, 1, sandboxed_hang_limit_ms) <= 0) throw std::runtime_error("the child does not end");
        const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
        if (got <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

/// Programs and libraries, and what a test wants to look at.
sandbox_rights rights_to(std::vector<unsigned> capabilities, std::vector<std::string> files = {})
{
    files.emplace_back("/etc/ld.so.cache");
    return {std::move(capabilities), {"/usr", "/bin", "/lib", "/lib64"}, std::move(files)};
}

/// Both streams of a program with these rights, standard output first.
std::string confined(const sandbox_rights& rights, const std::string& path, std::vector<std::string> arguments)
{
    auto made = sandbox::make(rights);
    if (!made) return made.error().message();
    program what{path, std::move(arguments), std::move(*made)};
    auto child = child_process::spawn(what);
    if (!child) return child.error().message();
    const std::string output = all_of(child->take_output());
    return output + all_of(child->take_errors());
}

std::string confined_shell(const std::string& script) { return confined(rights_to({}), "/bin/sh", {"-c", script}); }

TEST(Sandbox, LeavesNoCapabilityButTheNamedOnes)
{
    const std::vector<std::string> look{"-E", "^Cap(Prm|Eff)|^Seccomp:", "/proc/self/status"};
    EXPECT_EQ(confined(rights_to({}, {"/proc"}), "/bin/grep", look),
              "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nSeccomp:\t2\n");
    if (::geteuid() != 0) GTEST_SKIP() << "only root has capabilities to leave";
    EXPECT_EQ(confined(rights_to({CAP_NET_ADMIN}, {"/proc"}), "/bin/grep", look),
              "CapPrm:\t0000000000001000\nCapEff:\t0000000000001000\nSeccomp:\t2\n");
}

TEST(Sandbox, ReadsWhatIsNamedAndNothingElse)
{
    if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1) {
        GTEST_SKIP() << "no Landlock in this kernel";
    }
    EXPECT_EQ(confined(rights_to({}), "/bin/cat", {"/etc/passwd"}), "cat: /etc/passwd: Permission denied\n");
    EXPECT_NE(confined(rights_to({}, {"/etc/passwd"}), "/bin/cat", {"/etc/passwd"}).find("root:"), std::string::npos);
}

TEST(Sandbox, StartsNothingWritesNothingAndSignalsNobody)
{
    EXPECT_EQ(confined_shell("echo here; (echo there)"), "here\nsh: 1: Cannot fork\n");
    EXPECT_NE(confined_shell("echo x > /dev/null").find("Operation not permitted"), std::string::npos);
    EXPECT_NE(confined_shell("kill -0 $$").find("Operation not permitted"), std::string::npos);
    EXPECT_NE(confined_shell("ulimit -n 10").find("Operation not permitted"), std::string::npos);
}

TEST(Sandbox, LeavesUsAsWeAre)
{
    const std::string before = confined(rights_to({CAP_NET_ADMIN}), "/bin/true", {});
    EXPECT_EQ(before, "");
    // Would be refused with the rights of the child.
    auto child = child_process::spawn({"/bin/sh", {"-c", "(echo x > /dev/null) && echo free"}});
    ASSERT_TRUE(child) << child.error();
    EXPECT_EQ(all_of(child->take_output()), "free\n");
}

TEST(CallFilter, FitsTheKernel)
{
    const auto filter = make_call_filter();
    ASSERT_TRUE(filter) << filter.error();
    EXPECT_GT(filter->size(), 50U);
    EXPECT_LE(filter->size(), static_cast<std::size_t>(BPF_MAXINSNS));
}

}  // namespace
}  // namespace nodescope
