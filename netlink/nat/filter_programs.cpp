#include "netlink/nat/filter_programs.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string_view>

namespace nodescope::netlink {

namespace {

// Of what a helper says on standard error, in a message.
constexpr std::size_t reason_limit = 300;
constexpr std::size_t bytes_of_mebibyte = 1024UL * 1024UL;

/// All that the programs need on disk: themselves, the loader and the libraries, and what libc looks names up in.
/// Nothing of it is secret, and nothing may be written.
sandbox_rights rights_with(std::vector<unsigned> capabilities, const std::vector<std::string>& directories)
{
    sandbox_rights rights{std::move(capabilities),
                          {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"},
                          {"/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/etc/nsswitch.conf",
                           "/etc/protocols", "/etc/services", "/etc/hosts", "/etc/networks", "/etc/passwd",
                           "/etc/group", "/etc/ethertypes", "/etc/iproute2", "/etc/xtables", "/dev/null"}};
    rights.folders.insert(rights.folders.end(), directories.begin(), directories.end());
    return rights;
}

/// The first directory that has the program; the last one when none has, so that the message says what is missing.
std::string find_program(const std::vector<std::string>& directories, const std::string& name)
{
    for (const std::string& directory : directories) {
        std::string path = fmt::format("{}/{}", directory, name);
        if (::access(path.c_str(), F_OK) == 0 || &directory == &directories.back()) return path;
    }
    return name;
}

std::string first_line(std::string_view text)
{
    return escape_untrusted(text.substr(0, text.find('\n')), reason_limit);
}

// What the dynamic loader, libc and the xtables programs say when memory is refused to them. A program that goes on
// after that has left out rules, whatever its status.
constexpr std::string_view out_of_memory[] = {"Memory allocation problem", "Cannot allocate memory",
                                              "cannot create shared object descriptor",
                                              "failed to map segment from shared object", "Memory allocation failure"};

bool ran_out_of_memory(std::string_view errors)
{
    return std::ranges::any_of(out_of_memory,
                               [errors](std::string_view said) { return errors.find(said) != std::string_view::npos; });
}

std::size_t count_rules(std::string_view text)
{
    std::size_t count = text.starts_with("-A ") ? 1 : 0;
    for (auto at = text.find("\n-A "); at != std::string_view::npos; at = text.find("\n-A ", at + 1)) ++count;
    return count;
}

std::string end_text(const process_end& end)
{
    if (end.status) return fmt::format("ended with status {}", *end.status);
    if (end.signal == SIGXCPU) {
        return fmt::format("needed more than {} s of a processor", process_limits().processor_time.count());
    }
    // Not by us: we kill only what we have stopped waiting for.
    if (end.signal == SIGKILL) return "killed from outside, perhaps by the kernel because memory ran out";
    return fmt::format("ended by signal {}", end.signal.value_or(0));
}

}  // namespace

void cut_after_last_line(std::string& text)
{
    const auto end = text.rfind('\n');
    text.resize(end == std::string::npos ? 0 : end + 1);
}

filter_programs::filter_programs(program_runner& programs, nat_options options)
    : programs_(programs), options_(std::move(options))
{
}

void filter_programs::blocking_prepare()
{
    std::call_once(prepared_, [this] {
        nft_sandbox_ = sandbox::make(rights_with({CAP_NET_ADMIN}, options_.directories));
        // The old interface is asked over a raw socket.
        legacy_sandbox_ = sandbox::make(rights_with({CAP_NET_ADMIN, CAP_NET_RAW}, options_.directories));
    });
}

task<result<program_output>> filter_programs::run(std::string label, std::string name,
                                                  std::vector<std::string> arguments, filter_variant variant,
                                                  nat_target where, deadline limit)
{
    blocking_prepare();
    const confinement& confined = variant == filter_variant::nft ? nft_sandbox_ : legacy_sandbox_;
    if (!confined) co_return error(confined.error().kind(), fmt::format("{}: {}", label, confined.error().message()));
    program what;
    what.confined = *confined;
    what.path = find_program(options_.directories, name);
    what.arguments = std::move(arguments);
    spawn_place inside = [where = std::move(where)](const auto& spawn) -> result<child_process> {
        return run_in(where.home, where.target, [&spawn] { return spawn(); });
    };
    auto output = co_await programs_.run(label, std::move(what), options_.limits, std::move(inside), limit);
    if (!output) co_return output.error();
    if (ran_out_of_memory(output->errors)) {
        co_return error(failure::too_large, fmt::format("{}: needed more than {} MiB of memory", label,
                                                        process_limits().address_space / bytes_of_mebibyte));
    }
    // Killed by us at its limit: that text is cut, not wrong.
    if (!output->truncated && output->end.status != 0) {
        const std::string reason = first_line(output->errors);
        co_return error(failure::failed,
                        fmt::format("{}: {}{}{}", label, end_text(output->end), reason.empty() ? "" : ": ", reason));
    }
    co_return std::move(*output);
}

/// iptables-nft-save 1.8.9 shows no rules of a chain when it has no memory for all of them, writes COMMIT, and ends
/// with 0. So what it has shown is counted. It says itself of which tables it cannot show all.
std::optional<error> missing_rules(const std::string& label, const program_output& output, std::size_t expected)
{
    if (output.truncated || output.text.find("is incompatible, use 'nft' tool") != std::string::npos) return {};
    const std::size_t shown = count_rules(output.text);
    if (shown >= expected) return {};
    return error(failure::too_large,
                 fmt::format("{}: showed {} of {} rules: it needed more than {} MiB of memory, or "
                             "rules were removed meanwhile",
                             label, shown, expected, process_limits().address_space / bytes_of_mebibyte));
}

}  // namespace nodescope::netlink
