// Reads the files that hold tokens, keys and certificates. Their contents never appear in a message.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace nodescope::kubernetes {

/// Larger than any bundle of CA certificates in use.
inline constexpr std::size_t credential_file_limit = 1U << 20U;

/// The whole of a regular file. Failures: those of open and read ("open /x/token: No such file or directory"),
/// `invalid` for anything but a regular file, `too_large`.
result<std::string> read_credential_file(const std::string& path);

/// A bearer token without the white space around it. failure::invalid, naming `origin`, when it is empty or holds bytes
/// that cannot stand in a header.
result<std::string> checked_token(std::string_view text, std::string_view origin);

result<std::string> read_token_file(const std::string& path);

}  // namespace nodescope::kubernetes
