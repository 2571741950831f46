// Messages about links, for the settings in them alone. As decode.hpp says of every decoder.
#pragma once

#include "netlink/decode/attributes.hpp"
#include "netlink/model/network_settings.hpp"

#include <cstddef>

namespace nodescope::netlink {

bool decode(byte_span message, link_settings& to, std::size_t& damaged);

}  // namespace nodescope::netlink
