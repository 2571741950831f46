// Host names to addresses, by the system's resolver.
#pragma once

#include "core/error.hpp"

#include <boost/asio/ip/address.hpp>

#include <string>
#include <vector>

namespace nodescope::http_client {

using address_list = std::vector<boost::asio::ip::address>;

/// Blocks, for as long as the resolver likes: getaddrinfo can neither be cancelled nor bounded.
result<address_list> blocking_resolve(const std::string& host);

}  // namespace nodescope::http_client
