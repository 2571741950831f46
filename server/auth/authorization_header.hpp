// Parses the Authorization header (RFC 7617, RFC 6750). Pure.
#pragma once

#include <string>
#include <string_view>

namespace nodescope::auth {

struct presented {
    enum class scheme { none, bearer, basic, unusable };
    presented() = default;
    scheme kind = scheme::none;
    std::string token;     ///< bearer
    std::string user;      ///< basic
    std::string password;  ///< basic
};

/// `value` as it was sent, empty when there was no such header. An unknown scheme or a malformed value is `unusable`,
/// which counts as wrong credentials.
presented read_authorization(std::string_view value);

}  // namespace nodescope::auth
