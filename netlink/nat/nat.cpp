#include "netlink/nat/nat.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>

namespace nodescope::netlink {

namespace {

// Of what a helper says on standard error, in a message.
constexpr std::size_t reason_limit = 300;

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

std::string end_text(const process_end& end)
{
    if (end.status) return fmt::format("ended with status {}", *end.status);
    return fmt::format("ended by signal {}", end.signal.value_or(0));
}

void cut_after_last_line(std::string& text)
{
    const auto end = text.rfind('\n');
    text.resize(end == std::string::npos ? 0 : end + 1);
}

}  // namespace

/// One program to its end. The two variants are two programs, because one reads nf_tables and the other the tables of
/// the old interface.
task<result<program_output>> nat_reader::save(std::string name, nat_target where, deadline limit)
{
    const std::string label = "nat: " + name;
    program what;
    what.path = find_program(options_.directories, name);
    what.arguments = {"-t", "nat"};
    spawn_place inside = [where = std::move(where)](const auto& spawn) -> result<child_process> {
        return run_in(where.home, where.target, [&spawn] { return spawn(); });
    };
    auto output = co_await programs_.run(label, std::move(what), options_.limits, std::move(inside), limit);
    if (!output) co_return output.error();
    // Killed by us at its limit: that text is cut, not wrong.
    if (!output->truncated && output->end.status != 0) {
        const std::string reason = first_line(output->errors);
        co_return error(failure::failed,
                        fmt::format("{}: {}{}{}", label, end_text(output->end), reason.empty() ? "" : ": ", reason));
    }
    co_return std::move(*output);
}

task<result<nat_text>> nat_reader::read(nat_target where, ip_family family, result<nat_tables> found, deadline limit)
{
    if (!found) co_return found.error();
    nat_text made;
    bool any = false;
    std::optional<error> failed = found->nft_failure ? found->nft_failure : found->legacy_failure;
    const std::string prefix = family == ip_family::ipv4 ? "iptables-" : "ip6tables-";
    std::vector<std::string> names;
    if (found->nft) names.push_back(prefix + "nft-save");
    if (found->legacy) names.push_back(prefix + "legacy-save");
    for (std::string& name : names) {
        if (made.truncated) break;
        auto saving = save(std::move(name), where, limit);
        auto output = co_await std::move(saving);
        if (output) {
            any = true;
            made.truncated = output->truncated || made.text.size() + output->text.size() > options_.limits.output;
            made.text += output->text;
            made.text.resize(std::min(made.text.size(), options_.limits.output));
            if (made.truncated) cut_after_last_line(made.text);
        } else if (output.error().kind() == failure::cancelled) {
            co_return output.error();
        } else if (!failed) {
            failed = output.error();
        }
    }
    if (failed && !any) co_return *failed;
    made.incomplete = failed;
    co_return made;
}

}  // namespace nodescope::netlink
