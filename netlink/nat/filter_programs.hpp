// The programs that show packet filters (xtables, nft), run inside a namespace with as few rights as they need.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/process/program_runner.hpp"
#include "core/process/sandbox.hpp"
#include "core/task.hpp"
#include "netlink/net_namespace.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::netlink {

struct nat_options {
    /// Where the programs are looked for, in this order.
    std::vector<std::string> directories{"/usr/sbin", "/sbin"};
    output_limits limits{};
};

/// The namespace to read. Copies share the descriptors.
struct nat_target {
    nat_target(net_namespace own, net_namespace theirs) : home(std::move(own)), target(std::move(theirs)) {}
    net_namespace home;
    net_namespace target;
};

/// Which variant a program reads: the old one is asked over a raw socket, which needs another right.
enum class filter_variant { nft, legacy };

/// Reactor thread only, except blocking_prepare().
class filter_programs {
public:
    filter_programs(program_runner& programs, nat_options options);

    /// Makes what the programs are confined by, once, when it is first needed, which most services never do: the filter
    /// of system calls takes some milliseconds, and paths are opened on a disk that may hang. From any thread.
    void blocking_prepare();

    /// One of them to its end; never without its confinement, for strangers write the rules that it reads. `label`
    /// opens each message. A program that ends with another status than 0 is failure::failed with the first line of its
    /// standard error; one that ran into its limit of memory is failure::too_large. What is longer than the limit is
    /// cut, and that is an answer.
    task<result<program_output>> run(std::string label, std::string name, std::vector<std::string> arguments,
                                     filter_variant variant, nat_target where, deadline limit);

    [[nodiscard]] const nat_options& options() const noexcept { return options_; }

private:
    using confinement = result<std::shared_ptr<const sandbox>>;
    program_runner& programs_;
    const nat_options options_;
    std::once_flag prepared_;
    confinement nft_sandbox_;
    confinement legacy_sandbox_;
};

void cut_after_last_line(std::string& text);

/// failure::too_large where a program of the nf_tables variant has shown fewer than the `expected` rules.
std::optional<error> missing_rules(const std::string& label, const program_output& output, std::size_t expected);

}  // namespace nodescope::netlink
