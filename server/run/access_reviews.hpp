// What --auth kubernetes asks: server/auth's interface on top of collectors/kubernetes, neither of which knows the
// other.
#pragma once

#include "core/log.hpp"
#include "server/auth/access_review.hpp"
#include "server/config/config.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace nodescope {

/// Null unless the configuration asks for it. failure::invalid when there is no API server to ask, or a named
/// kubeconfig cannot be used.
result<std::unique_ptr<auth::access_reviewer>> make_access_reviewer(boost::asio::any_io_executor executor,
                                                                    const configuration& config, logger& log);

}  // namespace nodescope
