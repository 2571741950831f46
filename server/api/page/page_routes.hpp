// The page for people: files out of the binary, below /ui/. They tell nothing of the node, so nobody is asked who they
// are; what the page then asks for is refused to who may not.
#pragma once

#include "server/http/message.hpp"

#include <vector>

namespace nodescope::api {

/// "/" leads to "/ui/".
std::vector<http::route> page_routes();

}  // namespace nodescope::api
