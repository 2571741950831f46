// Reads what the rules about load look at. Blocking: for pool threads.
#pragma once

#include "collectors/findings/network_model.hpp"
#include "collectors/network/load/counter_memory.hpp"
#include "collectors/network/part_source.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <optional>

namespace nodescope {

/// Counters of a network at one moment.
struct counted_network {
    counted_namespace whose;
    findings::load_counters counters;
};

/// Of more links than this nothing is kept: 40 bytes each.
inline constexpr std::size_t most_counted_links = 4096;

/// All that is compared. Failures are those of the readers.
result<counted_network> blocking_read_all_counters(part_source& source);

/// With what counters of now are compared.
struct earlier_counters {
    earlier_counters() = default;
    counter_memory* memory = nullptr;       ///< null: nobody remembers
    std::optional<counted_network> before;  ///< goes before what is remembered
};

/// Into `model`, which has its links already, what bits of `needed` say. Each input that cannot be read says why.
void blocking_read_load(part_source& source, unsigned needed, const earlier_counters& earlier,
                        findings::network_model& model);

}  // namespace nodescope
