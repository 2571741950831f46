#include "collectors/network/runtime_words/runtime_words.hpp"

#include "collectors/host/proc/process_handle.hpp"
#include "core/files/root.hpp"
#include "netlink/net_namespace.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace nodescope {

namespace {

struct parsed_address {
    std::uint8_t family = 0;
    netlink::network_address bytes;
};

std::optional<parsed_address> address_of(const std::string& text)
{
    parsed_address made;
    made.family = text.find(':') != std::string::npos ? AF_INET6 : AF_INET;
    if (::inet_pton(made.family, text.c_str(), made.bytes.bytes.data()) != 1) return std::nullopt;
    // inet_pton stops at a zero byte.
    if (text.find('\0') != std::string::npos) return std::nullopt;
    return made;
}

/// None where the file is not there, or no network is mounted on it: as "default", which is the daemon's own.
std::optional<std::uint64_t> network_on(const std::string& root, const std::string& path)
{
    if (!path.starts_with('/') || path.ends_with("/default")) return std::nullopt;
    const unique_fd opened = files::open({root, path}, O_PATH);
    struct statfs system {};
    struct stat status {};
    if (!opened || ::fstatfs(opened.get(), &system) != 0 || system.f_type != NSFS_MAGIC) return std::nullopt;
    if (::fstat(opened.get(), &status) != 0) return std::nullopt;
    return status.st_ino;
}

std::optional<std::uint64_t> network_of_process(const std::string& root, pid_t pid)
{
    const auto process = host::process_handle::open(root, pid);
    if (!process) return std::nullopt;
    const auto space = netlink::net_namespace::of_process(process->directory());
    if (!space) return std::nullopt;
    return space->identity().inode;
}

}  // namespace

findings::runtime_words words_of(const container& said)
{
    findings::runtime_words words;
    words.runtime = said.runtime;
    for (const container_address& one : said.addresses) {
        if (const auto address = address_of(one.address)) {
            findings::said_address& to = words.addresses.emplace_back();
            to.network = one.network;
            to.family = address->family;
            to.address = address->bytes;
            const std::int64_t longest = address->family == AF_INET6 ? 128 : 32;
            if (one.prefix_length > 0 && one.prefix_length <= longest)
                to.prefix_length = static_cast<std::uint8_t>(one.prefix_length);
        }
        if (const auto gateway = address_of(one.gateway)) {
            findings::said_address& to = words.gateways.emplace_back();
            to.network = one.network;
            to.family = gateway->family;
            to.address = gateway->bytes;
        }
    }
    return words;
}

void blocking_find_networks(const std::string& root, said_of_network& said)
{
    if (said.words.items.empty() || said.first_process <= 0) return;
    const auto mounted = network_on(root, said.network_file);
    if (!mounted) return;
    findings::runtime_words& words = said.words.items.front();
    words.netns = *mounted;
    words.first_process = static_cast<std::uint64_t>(said.first_process);
    words.first_process_netns = network_of_process(root, said.first_process);
}

}  // namespace nodescope
