// What a runtime says of a container's network, as the rules look at it.
#pragma once

#include "collectors/findings/network_model.hpp"
#include "collectors/network/part_source.hpp"
#include "collectors/runtime/network_words.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace nodescope {

/// Addresses as bytes. Texts that are no addresses are left out. Pure.
findings::runtime_words words_of(const network_words& said);

/// The same as a list of the model, with the networks that the file and the process are in, where both are to be seen.
/// Blocking: for pool threads.
findings::model_list<findings::runtime_words> blocking_compare_networks(const std::string& root,
                                                                        const network_words& said);

/// Into `model`, where `needed` (bits of model_input) asks for it: what the runtime has said, or why it has not
/// (`missing`), and what CNI plugins have said, which goes without a runtime. Blocking: for pool threads.
void blocking_add_words(part_source& source, unsigned needed, const std::optional<network_words>& said,
                        const std::string& missing, findings::network_model& model);

}  // namespace nodescope
