// What CNI plugins have set up in a network, as libcni remembers it: a file for each interface, below
// /var/lib/cni/results (libcni/api.go, "cniCacheV1"). No runtime is asked, and it is known of a process as well.
#pragma once

#include "collectors/findings/network_model.hpp"
#include "collectors/runtime/network_words.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

struct cni_result {
    cni_result() = default;
    network_words words;
    std::vector<std::string> sandboxes;  ///< paths on which the network namespace is mounted
};

/// A file. What it says of the node's side is left out. failure::malformed. Pure.
result<cni_result> parse_cni_result(std::string_view text);

/// A pod has one file for each interface, lo included: this is for a thousand pods.
inline constexpr std::size_t cni_files_limit = 2048;
inline constexpr std::size_t cni_file_limit_bytes = 256UL * 1024UL;
/// Of one interface.
inline constexpr std::size_t cni_addresses_limit = 64;
inline constexpr std::size_t cni_ports_limit = 1024;

/// What all files together say that are about the network with that inode; no item where none is. `missing` where there
/// are more files than are looked at, or not enough time. Blocking: for pool threads.
findings::model_list<findings::runtime_words> blocking_read_cni_results(const std::string& root, std::uint64_t inode,
                                                                        deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope
