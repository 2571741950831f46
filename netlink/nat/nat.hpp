// The NAT tables of a namespace as the text of iptables-save. The rules are read by the xtables programs, run inside
// the namespace; nothing is run where there is no nat table, so reading never makes one (operations.md X5).
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/process/program_runner.hpp"
#include "core/task.hpp"
#include "core/unique_fd.hpp"
#include "netlink/decode/attributes.hpp"
#include "netlink/net_namespace.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::netlink {

enum class ip_family { ipv4, ipv6 };

struct nat_options {
    /// Where the xtables programs are looked for, in this order.
    std::vector<std::string> directories{"/usr/sbin", "/sbin"};
    output_limits limits{};
};

/// The namespace to read, as one process is in it. Copies share the descriptors.
struct nat_target {
    nat_target(net_namespace own, net_namespace theirs, std::shared_ptr<const unique_fd> process)
        : home(std::move(own)), target(std::move(theirs)), process_directory(std::move(process))
    {
    }
    net_namespace home;
    net_namespace target;
    std::shared_ptr<const unique_fd> process_directory;  ///< an open /proc/PID of a process in `target`
};

/// Which variants have a nat table of one family in a namespace.
struct nat_tables {
    nat_tables() = default;
    bool nft = false;
    bool legacy = false;
    std::optional<error> nft_failure;  ///< why nf_tables could not be asked
    std::optional<error>
        legacy_failure;  ///< why it is not known whether there are legacy tables: only root may read it
    /// Nothing to read, and that is known.
    [[nodiscard]] bool none() const noexcept { return !nft && !legacy && !nft_failure && !legacy_failure; }
};

struct nat_findings {
    nat_findings(result<nat_tables> four, result<nat_tables> six) : ipv4(std::move(four)), ipv6(std::move(six)) {}
    result<nat_tables> ipv4;
    result<nat_tables> ipv6;
};

/// Blocking: for pool threads. Asks nf_tables for its tables, and net/ip_tables_names and net/ip6_tables_names under
/// /proc/PID. Messages begin with "nat: look for tables: ".
nat_findings blocking_find_nat_tables(const nat_target& where, deadline limit);

struct nat_text {
    /// That of the nf_tables variant, then that of the legacy variant; empty where neither has a nat table.
    std::string text;
    bool truncated = false;  ///< cut, after a whole line, at the limit
    /// Set when one variant could not be read while `text` has the other's.
    std::optional<error> incomplete;
};

/// Reactor thread only.
class nat_reader {
public:
    nat_reader(program_runner& programs, nat_options options) : programs_(programs), options_(std::move(options)) {}

    /// Reads what was `found` in that namespace a moment ago. Every message begins with "nat: " and names the phase:
    /// "nat: look for tables: …", "nat: iptables-nft-save: …". A program that ends with another status than 0 is
    /// failure::failed with the first line of its standard error. When nothing could be read the first failure is
    /// returned. `limit` bounds all programs together. Cancellation kills the program at once.
    task<result<nat_text>> read(nat_target where, ip_family family, result<nat_tables> found, deadline limit);

private:
    task<result<program_output>> save(std::string name, nat_target where, deadline limit);

    program_runner& programs_;
    nat_options options_;
};

/// Whether a message of an nf_tables table dump tells of a table called "nat" of `family` (NFPROTO_IPV4, …).
bool is_nat_table(byte_span message, std::uint8_t family);

/// Whether "nat" is one of the lines of an ip_tables_names file.
bool lists_nat(std::string_view table_names);

}  // namespace nodescope::netlink
