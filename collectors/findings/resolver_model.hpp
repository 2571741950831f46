// What the rules look at that a container has written down about how its processes look names up.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace nodescope::findings {

/// How many nameservers resolvers ask: MAXNS of glibc and of musl.
inline constexpr std::size_t used_nameservers = 3;

/// Of resolv.conf; empty where there is no such file.
struct resolver_words {
    std::vector<std::string> nameservers;
    /// Whether a route leads to each; none: it is not known, or nobody has asked.
    std::vector<std::optional<bool>> routes;
    std::vector<std::string> search;
    std::string missing;  ///< as of model_list
};

}  // namespace nodescope::findings
