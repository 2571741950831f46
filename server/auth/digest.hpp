// Digests that are kept and compared instead of secrets, in constant time.
#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

namespace nodescope::auth {

using digest = std::array<unsigned char, 32>;

/// SHA-256.
digest digest_of(std::string_view bytes);

/// In a time that does not depend on where they differ.
bool equal_in_constant_time(const digest& a, const digest& b) noexcept;

/// Several texts as one key, each preceded by its length, so that no two lists give the same key (CVE-2022-46146 was a
/// cache whose key was its fields run together).
std::string framed(std::initializer_list<std::string_view> fields);

/// The bytes of digest_of(text), as a key.
std::string digest_key(std::string_view text);

}  // namespace nodescope::auth
