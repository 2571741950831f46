// Whose network a request below /v1 is about.
#pragma once

#include "collectors/questions/net_info.hpp"
#include "core/error.hpp"
#include "server/api/cadvisor/url_query.hpp"

#include <initializer_list>
#include <span>
#include <string_view>

namespace nodescope::api {

/// That the request has no other parameters than those of whose_network() and `also`, and each once. failure::invalid.
result<void> check_network_parameters(const url_query& given, std::initializer_list<std::string_view> also);
result<void> check_network_parameters(const url_query& given, std::span<const std::string_view> also);

/// Exactly one of `container`, `pod` (with `container` as a name in it), `pid` and `node`; failure::invalid otherwise.
result<net_info_query> whose_network(const url_query& given);

}  // namespace nodescope::api
