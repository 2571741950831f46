// What a runtime says of a container's network, as the rules look at it.
#pragma once

#include "collectors/findings/network_model.hpp"
#include "collectors/runtime/container.hpp"

#include <sys/types.h>

#include <string>

namespace nodescope {

/// Addresses as bytes. Texts that are no addresses are left out. Pure.
findings::runtime_words words_of(const container& said);

/// What was said, and what else is read for it once the network is.
struct said_of_network {
    said_of_network() = default;
    findings::model_list<findings::runtime_words> words;
    std::string network_file;  ///< container::network_file
    pid_t first_process = 0;
};

/// Adds to the words which networks the file and the process are in, where both are to be seen. Blocking: for pool
/// threads.
void blocking_find_networks(const std::string& root, said_of_network& said);

}  // namespace nodescope
