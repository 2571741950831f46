// Reads what the rules about a network look at.
#pragma once

#include "collectors/findings/network_model.hpp"
#include "collectors/network/load/load_reading.hpp"
#include "collectors/network/part_source.hpp"
#include "core/error.hpp"

namespace nodescope {

/// What the bits of `needed` (findings::model_input) say, over the one socket of `source`. One that cannot be read, or
/// not to its end, is missing from the model, and the others are there; the failure of the first list where all lists
/// that are needed fail. Blocking: for pool threads.
result<findings::network_model> blocking_read_model(part_source& source, unsigned needed,
                                                    const earlier_counters& earlier);

}  // namespace nodescope
