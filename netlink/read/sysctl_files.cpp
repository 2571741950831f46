#include "netlink/read/sysctl_files.hpp"

#include "core/unique_fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace nodescope::netlink {

namespace {

constexpr std::size_t sysctls_at_once = 64;
/// Two numbers at most, of those that are read.
constexpr std::size_t sysctl_text_limit = 256;

struct opened_files {
    std::array<unique_fd, sysctls_at_once> descriptors;
};

std::optional<std::string> text_of_sysctl(const unique_fd& file)
{
    if (!file) return std::nullopt;
    std::array<char, sysctl_text_limit> text;
    const ssize_t length = ::read(file.get(), text.data(), text.size());
    if (length < 0) return std::nullopt;
    const std::string_view read(text.data(), static_cast<std::size_t>(length));
    return std::string(read.substr(0, read.find('\n')));
}

}  // namespace

result<std::vector<std::optional<std::string>>> blocking_read_sysctls(const net_namespace& home,
                                                                      const net_namespace& target,
                                                                      std::span<const std::string_view> paths)
{
    if (paths.size() > sysctls_at_once) return error(failure::internal, "more sysctls at once than there is room for");
    std::vector<std::string> names(paths.begin(), paths.end());
    opened_files files;
    const auto opened = run_in(home, target, [&]() -> result<void> {
        const unique_fd directory(::open("/proc/sys/net", O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!directory) return from_errno(errno, "open /proc/sys/net");
        for (std::size_t i = 0; i < names.size(); ++i) {
            files.descriptors[i] = unique_fd(::openat(directory.get(), names[i].c_str(), O_RDONLY | O_CLOEXEC));
        }
        return {};
    });
    if (!opened) {
        if (opened.error().kind() != failure::gone) return opened.error();
        return error(failure::unavailable, opened.error().message());
    }
    std::vector<std::optional<std::string>> texts;
    texts.reserve(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) texts.push_back(text_of_sysctl(files.descriptors[i]));
    return texts;
}

}  // namespace nodescope::netlink
