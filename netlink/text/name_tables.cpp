#include "netlink/text/name_tables.hpp"

#include "core/files/bounded_file.hpp"
#include "core/text_scan.hpp"
#include "core/url_text.hpp"

#include <fmt/format.h>

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

using opened_file = result<files::regular_file>;

std::string version_of(const opened_file& opened)
{
    if (!opened) return "none";
    const struct stat& s = opened->status;
    return fmt::format("{}:{}:{}:{}.{}:{}.{}", s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
                       s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
}

std::string contents_of(const opened_file& opened, std::string_view shown)
{
    if (!opened || opened->status.st_size > static_cast<off_t>(name_source::file_limit)) return {};
    auto text = files::read_complete(*opened, name_source::file_limit, shown);
    return text ? std::move(*text) : std::string();
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

std::shared_ptr<const name_tables> name_source::current()
{
    const opened_file hosts = files::open_regular(files::place(root_, "/etc/hosts"));
    const opened_file networks = files::open_regular(files::place(root_, "/etc/networks"));
    const std::string version = version_of(hosts) + ' ' + version_of(networks);

    const std::lock_guard lock(mutex_);
    if (!tables_ || version != version_) {
        tables_ = std::make_shared<const name_tables>(contents_of(hosts, "/etc/hosts"),
                                                      contents_of(networks, "/etc/networks"));
        version_ = version;
    }
    return tables_;
}

}  // namespace nodescope::netlink
