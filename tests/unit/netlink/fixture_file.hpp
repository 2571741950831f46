// Recorded netlink dumps and tool outputs of tests/fixtures/netns (see the README files there).
#pragma once

#include "tests/support/fixtures.hpp"

#include <linux/netlink.h>

#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace nodescope::testing {

inline std::string fixture_text(const std::string& name)
{
    const std::string path = fixture_path("netns/" + name);
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("no fixture " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The messages of a recorded dump, each with its header.
inline std::vector<std::vector<std::byte>> fixture_messages(const std::string& name)
{
    const std::string bytes = fixture_text(name);
    std::vector<std::vector<std::byte>> messages;
    for (std::size_t at = 0; at + sizeof(nlmsghdr) <= bytes.size();) {
        nlmsghdr header;
        std::memcpy(&header, bytes.data() + at, sizeof(header));
        const auto* const begin = reinterpret_cast<const std::byte*>(bytes.data() + at);
        messages.emplace_back(begin, begin + header.nlmsg_len);
        at += NLMSG_ALIGN(header.nlmsg_len);
    }
    return messages;
}

}  // namespace nodescope::testing
