#include "netlink/text/name_tables.hpp"

#include "core/files/bounded_file.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
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

template <class Visit>
void for_each_line(std::string_view text, Visit visit)
{
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = without_comment(text.substr(0, end));
        if (line.find_first_not_of(blanks) != std::string_view::npos) visit(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

/// inet_pton wants a C string; no valid address is longer than its buffer.
template <class Address>
bool parse_address(int family, std::string_view text, Address& address) noexcept
{
    std::array<char, INET6_ADDRSTRLEN> copy{};
    if (text.size() >= copy.size()) return false;
    std::copy(text.begin(), text.end(), copy.begin());
    return inet_pton(family, copy.data(), &address) == 1;
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
    for_each_line(hosts, [this](std::string_view line) { add_host_line(line); });
    for_each_line(networks, [this](std::string_view line) { add_network_line(line); });
}

/// One line serves two questions: asked for IPv4, an IPv6 line counts when it is ::1 (for 127.0.0.1) or IPv4-mapped;
/// asked for IPv6, an IPv4 line does not count (as of glibc 2.36; older ones took its mapped form).
void name_tables::add_host_line(std::string_view line)
{
    const std::string_view address_text = next_field(line);
    const std::string_view name = next_field(line);
    in_addr v4{};
    in6_addr v6{};
    if (parse_address(AF_INET, address_text, v4)) {
        hosts_.try_emplace(ntohl(v4.s_addr), name);
        return;
    }
    if (!parse_address(AF_INET6, address_text, v6)) return;
    hosts6_.try_emplace(key_of(v6), name);
    if (IN6_IS_ADDR_LOOPBACK(&v6)) hosts_.try_emplace(INADDR_LOOPBACK, name);
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        std::memcpy(&v4, &v6.s6_addr[12], sizeof(v4));
        hosts_.try_emplace(ntohl(v4.s_addr), name);
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
