// Names of addresses as the C library takes them from /etc/hosts and /etc/networks: what net-tools' `route` shows
// instead of a number. We read the files ourselves, through a root path, and never ask a resolver or a name server.
#pragma once

#include "core/files/file_status.hpp"
#include "netlink/text/iproute_names.hpp"

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace nodescope::netlink {

/// Follows the files back end of glibc's name service (nss/nss_files/files-hosts.c, files-network.c): `#` starts a
/// comment, fields are separated by white space, the canonical name counts (aliases never do), the first line with an
/// address wins, lines that cannot be read are skipped.
class name_tables {
public:
    name_tables() = default;
    name_tables(std::string_view hosts, std::string_view networks);

    /// The name of a network address (host byte order), whatever the mask; empty optional when there is none.
    [[nodiscard]] std::optional<std::string_view> network(std::uint32_t address) const;
    [[nodiscard]] std::optional<std::string_view> host(std::uint32_t address) const;
    [[nodiscard]] std::optional<std::string_view> host(const in6_addr& address) const;

private:
    void add_host_line(std::string_view line);
    void add_network_line(std::string_view line);

    std::unordered_map<std::uint32_t, std::string> networks_;
    std::unordered_map<std::uint32_t, std::string> hosts_;
    std::unordered_map<std::string, std::string> hosts6_;  // by the 16 bytes of the address
};

/// What is kept of the node's files of names, each of which is read again only when it has changed: asking for its
/// status is all that an answer costs. For pool threads (it blocks on the file system) and safe to use from several at
/// once.
class name_source {
public:
    explicit name_source(std::string root) : root_(std::move(root)) {}

    /// The tables of <root>/etc/hosts and <root>/etc/networks. A file that is missing, unreadable, not a regular file
    /// or larger than `file_limit` counts as empty: names are optional, the numbers are always there.
    std::shared_ptr<const name_tables> current();
    /// For iproute_names.
    std::shared_ptr<const name_map> device_groups();

    [[nodiscard]] const std::string& root() const noexcept { return root_; }

    static constexpr std::size_t file_limit = 4 * 1024 * 1024;

private:
    const std::string root_;
    std::mutex mutex_;
    files::file_version hosts_;
    files::file_version networks_;
    std::shared_ptr<const name_tables> tables_;
    files::file_version groups_file_;
    std::shared_ptr<const name_map> groups_;
};

}  // namespace nodescope::netlink
