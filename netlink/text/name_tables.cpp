#include "netlink/text/name_tables.hpp"

#include "core/files/bounded_file.hpp"
#include "core/text_scan.hpp"
#include "core/url_text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace nodescope::netlink {

namespace {

constexpr std::string_view blanks = " \t\v\f\r";

/// Cuts the next field off `line`; empty when there is none.
std::string_view next_field(std::string_view& line) noexcept
{
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view field = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(field.size());
    return field;
}

/// The part of a line that counts: glibc works on C strings, so a NUL ends it too.
std::string_view without_comment(std::string_view line) noexcept
{
    line = line.substr(0, line.find('\0'));
    return line.substr(0, line.find('#'));
}

template <class Add>
void for_each_entry(std::string_view file, Add add)
{
    for_each_line(file, [&](std::string_view line) {
        add(without_comment(line));
        return true;
    });
}

/// The number of a network: missing parts are zeros at the end ("127" is 127.0.0.0), parts may be octal or
/// hexadecimal (inet_network(3)).
std::optional<std::uint32_t> parse_network(std::string_view text)
{
    if (text.empty() || text.size() > 64) return std::nullopt;
    std::string full(text);
    for (auto dots = std::count(text.begin(), text.end(), '.'); dots < 3; ++dots) full += ".0";
    const in_addr_t number = inet_network(full.c_str());
    if (number == INADDR_NONE) return std::nullopt;
    return number;
}

std::string key_of(const in6_addr& address)
{
    return std::string(reinterpret_cast<const char*>(&address), sizeof(address));
}

/// Empty for a file that is missing, not regular, or too long. The version of one that could not be read is not kept:
/// it is tried again.
std::string contents_of(const files::place& where, std::size_t limit, files::file_version& version)
{
    auto file = files::read_file(where, limit);
    if (!file) version = {};
    return file && !file->truncated ? std::move(file->text) : std::string();
}

std::optional<std::string_view> find(const auto& names, const auto& key)
{
    const auto found = names.find(key);
    if (found == names.end()) return std::nullopt;
    return found->second;
}

}  // namespace

name_tables::name_tables(std::string_view hosts, std::string_view networks)
{
    for_each_entry(hosts, [this](std::string_view line) { add_host_line(line); });
    for_each_entry(networks, [this](std::string_view line) { add_network_line(line); });
}

/// One line may name two addresses: asked for an IPv4 address, glibc counts the lines of ::1 (for 127.0.0.1) and of
/// IPv4-mapped ones; asked for an IPv6 address it counts no IPv4 lines (since 2.36).
void name_tables::add_host_line(std::string_view line)
{
    const std::string_view address_text = next_field(line);
    const std::string_view name = next_field(line);
    if (const auto v4 = parse_address<in_addr>(AF_INET, address_text)) {
        hosts_.try_emplace(ntohl(v4->s_addr), name);
        return;
    }
    const auto v6 = parse_address<in6_addr>(AF_INET6, address_text);
    if (!v6) return;
    hosts6_.try_emplace(key_of(*v6), name);
    if (IN6_IS_ADDR_LOOPBACK(&*v6)) hosts_.try_emplace(INADDR_LOOPBACK, name);
    if (IN6_IS_ADDR_V4MAPPED(&*v6)) {
        in_addr mapped{};
        std::memcpy(&mapped, &v6->s6_addr[12], sizeof(mapped));
        hosts_.try_emplace(ntohl(mapped.s_addr), name);
    }
}

void name_tables::add_network_line(std::string_view line)
{
    const std::string_view name = next_field(line);
    if (const auto number = parse_network(next_field(line))) networks_.try_emplace(*number, name);
}

std::optional<std::string_view> name_tables::network(std::uint32_t address) const { return find(networks_, address); }

std::optional<std::string_view> name_tables::host(std::uint32_t address) const { return find(hosts_, address); }

std::optional<std::string_view> name_tables::host(const in6_addr& address) const
{
    return find(hosts6_, key_of(address));
}

// Their status is asked for before they are read: what changes in between is seen by the next who asks.
std::shared_ptr<const name_tables> name_source::current()
{
    const files::place hosts(root_, "/etc/hosts");
    const files::place networks(root_, "/etc/networks");
    const files::file_version hosts_now(files::status_of(hosts));
    const files::file_version networks_now(files::status_of(networks));

    const std::lock_guard lock(mutex_);
    if (!tables_ || hosts_now != hosts_ || networks_now != networks_) {
        hosts_ = hosts_now;
        networks_ = networks_now;
        const std::string hosts_text = contents_of(hosts, file_limit, hosts_);
        const std::string networks_text = contents_of(networks, file_limit, networks_);
        tables_ = std::make_shared<const name_tables>(hosts_text, networks_text);
    }
    return tables_;
}

std::shared_ptr<const name_map> name_source::device_groups()
{
    const files::place file(root_, device_groups_file);
    const files::file_version now(files::status_of(file));

    const std::lock_guard lock(mutex_);
    if (!groups_ || now != groups_file_) {
        groups_file_ = now;
        const std::string text = contents_of(file, iproute_file_limit, groups_file_);
        groups_ = std::make_shared<const name_map>(device_groups_of(text));
    }
    return groups_;
}

}  // namespace nodescope::netlink
