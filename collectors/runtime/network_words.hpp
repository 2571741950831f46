// What a runtime says it has set up in the network of one container. Asked for only where somebody compares it with
// what is there, and so no part of what is kept of a container.
#pragma once

#include "collectors/runtime/container_reference.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

/// What it has given the container in one of its networks, in its own spelling.
struct given_address {
    std::string network;
    std::string address;
    std::int64_t prefix_length = 0;  ///< 0: it does not say
    std::string gateway;             ///< of the address's family; empty: none
};

/// What the runtime does not say is empty, or 0.
struct network_words {
    network_words() = default;
    std::string runtime;                   ///< by its name: "docker"
    std::int64_t pid = 0;                  ///< of the container's first process
    std::vector<given_address> addresses;  ///< all that it has given
    std::vector<std::uint16_t> tcp_ports;  ///< of the container, that others are to reach
    std::string network_file;              ///< on which its network namespace is mounted, on the node
};

/// Reactor thread only. Outlives its calls.
class network_words_source {
public:
    virtual ~network_words_source() = default;
    /// Whether it speaks for containers of the runtime that is called so (container::runtime).
    [[nodiscard]] virtual bool speaks_for(std::string_view runtime) const noexcept = 0;
    /// Of the container with that full id, now. Failures are those of runtime::inspect().
    virtual task<result<network_words>> words_about(container_reference id, deadline limit) = 0;
};

}  // namespace nodescope
