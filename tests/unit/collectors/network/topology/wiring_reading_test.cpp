// The bounds of one look at all namespaces; what is read is held against iproute2 by the integration tests.
#include "collectors/network/topology/wiring_reading.hpp"

#include "tests/support/namespace_child.hpp"
#include "tests/support/own_mounts.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace nodescope {
namespace {

using netlink::net_namespace;
using testing::child_verdict;
using testing::namespace_child;
using testing::temporary_root;

/// A root with nothing but named namespaces, mounted there as `ip netns attach` does it.
class named_namespaces {
public:
    explicit named_namespaces(int count)
    {
        for (int i = 0; i < count; ++i) {
            children_.push_back(std::make_unique<namespace_child>());
            const std::string name = "/run/netns/n" + std::to_string(i);
            const std::string from = "/proc/" + std::to_string(children_.back()->pid()) + "/ns/net";
            root_.write(name, "");
            files_.push_back(root_.path() + name);
            if (::mount(from.c_str(), files_.back().c_str(), "none", MS_BIND, nullptr) != 0) {
                throw std::runtime_error("mount failed");
            }
        }
        root_.write("/run/netns/none", "no namespace");
    }
    ~named_namespaces()
    {
        for (const std::string& one : files_) ::umount2(one.c_str(), MNT_DETACH);
    }
    named_namespaces(const named_namespaces&) = delete;
    named_namespaces& operator=(const named_namespaces&) = delete;

    [[nodiscard]] result<wiring_reading> read(const wiring_limits& most, std::chrono::milliseconds patience,
                                              bool abandon = false) const
    {
        const auto home = net_namespace::of_this_thread();
        abandon_flag abandoned;
        if (abandon) abandoned.raise();
        return blocking_read_wiring(*home, root_.path(), {}, most, deadline::in(patience), abandoned);
    }

private:
    std::vector<std::unique_ptr<namespace_child>> children_;
    temporary_root root_;
    std::vector<std::string> files_;
};

constexpr std::chrono::seconds long_enough{20};

/// In a child process, which tells what is not as it should be.
void expect_of_three(const std::function<bool(const named_namespaces&)>& is_right)
{
    const auto verdict = testing::in_own_mounts([&] { return is_right(named_namespaces(3)); });
    if (verdict == child_verdict::impossible) GTEST_SKIP() << "no right to make a mount namespace";
    EXPECT_EQ(verdict, child_verdict::good);
}

bool holds(bool what, const char* text, const wiring& of)
{
    if (what) return true;
    std::cerr << text << ": " << of.namespaces.size() << " namespaces, " << of.links.size() << " links";
    for (const auto& [list, note] : of.notes) std::cerr << "; " << list << ": " << note;
    std::cerr << '\n';
    return false;
}

TEST(WiringReading, HasTheNodeAndWhatHasAName)
{
    expect_of_three([](const named_namespaces& all) {
        const auto made = all.read({}, long_enough);
        if (!made) return false;
        const wiring& what = made->what;
        return holds(what.namespaces.size() == 4, "four", what) &&
               holds(
                   what.namespaces[0].kind == namespace_kind::node && what.namespaces[3].kind == namespace_kind::named,
                   "kinds", what) &&
               holds(what.namespaces[3].name.starts_with("n"), "name", what) &&
               holds(what.links.size() >= 4 && !what.notes.contains("links"), "links", what) &&
               // There are no cgroups below that root.
               holds(what.notes.contains("containers") && made->containers.empty(), "containers", what);
    });
}

TEST(WiringReading, KeepsToItsNumberOfNamespaces)
{
    expect_of_three([](const named_namespaces& all) {
        wiring_limits most;
        most.namespaces = 2;
        const auto made = all.read(most, long_enough);
        return made && holds(made->what.namespaces.size() == 2, "two", made->what) &&
               holds(made->what.notes.at("namespaces") == "cut after 2: 2 more were found", "note", made->what);
    });
}

TEST(WiringReading, KeepsToItsNumberOfLinksAndBytes)
{
    expect_of_three([](const named_namespaces& all) {
        wiring_limits most;
        most.links = 1;
        const auto few = all.read(most, long_enough);
        most.links = 1000;
        most.bytes = 1;
        const auto short_ones = all.read(most, long_enough);
        const auto whole = all.read({}, long_enough);
        return few && short_ones && whole && holds(few->what.links.size() == 1, "one link", few->what) &&
               holds(few->what.namespaces.size() == 4 && !few->what.namespaces[2].missing.empty(), "missing",
                     few->what) &&
               holds(few->what.notes.contains("links"), "note", few->what) &&
               // What came with the first message of a namespace is there.
               holds(
                   short_ones->what.links.size() < whole->what.links.size() && short_ones->what.notes.contains("links"),
                   "bytes", short_ones->what);
    });
}

TEST(WiringReading, EndsWithItsDeadlineAndItsAskers)
{
    expect_of_three([](const named_namespaces& all) {
        const auto late = all.read({}, std::chrono::milliseconds(0));
        const auto alone = all.read({}, long_enough, true);
        return !late && late.error().kind() == failure::timed_out && !alone &&
               alone.error().kind() == failure::cancelled;
    });
}

}  // namespace
}  // namespace nodescope
