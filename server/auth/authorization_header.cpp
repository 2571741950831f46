#include "server/auth/authorization_header.hpp"

#include "core/ascii.hpp"

#include <algorithm>
#include <optional>

#include <openssl/evp.h>

namespace nodescope::auth {

namespace {

/// RFC 4648, section 4, padding included, nothing else: one text has one spelling. OpenSSL takes more than that, such
/// as white space around it, so what it makes of the text must give the same text again.
std::optional<std::string> decode_base64(const std::string& text)
{
    const auto bytes = [](auto& of) { return reinterpret_cast<unsigned char*>(of.data()); };
    if (text.empty() || text.size() % 4 != 0) return std::nullopt;
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::string out(text.size() / 4 * 3, '\0');
    const auto* const encoded = reinterpret_cast<const unsigned char*>(text.data());
    if (EVP_DecodeBlock(bytes(out), encoded, static_cast<int>(text.size())) != static_cast<int>(out.size())) {
        return std::nullopt;
    }
    out.erase(out.size() - padding);
    std::string again(text.size() + 1, '\0');  // and a NUL
    EVP_EncodeBlock(bytes(again), bytes(out), static_cast<int>(out.size()));
    again.pop_back();
    if (again != text) return std::nullopt;
    return out;
}

}  // namespace

presented read_authorization(std::string_view value)
{
    presented out;
    if (value.empty()) return out;
    out.kind = presented::scheme::unusable;
    const std::size_t space = value.find(' ');
    if (space == std::string_view::npos) return out;
    const std::string_view scheme = value.substr(0, space);
    value.remove_prefix(std::min(value.find_first_not_of(' ', space), value.size()));
    if (equals_ignoring_case(scheme, "bearer")) {
        if (value.empty() || !std::all_of(value.begin(), value.end(), is_graphic)) return out;
        out.token = value;
        out.kind = presented::scheme::bearer;
    } else if (equals_ignoring_case(scheme, "basic")) {
        const auto decoded = decode_base64(std::string(value));
        if (!decoded) return out;
        const std::size_t colon = decoded->find(':');
        // crypt() reads up to a NUL: "secret\0anything" would be as good as "secret".
        if (colon == std::string::npos || decoded->find('\0') != std::string::npos) return out;
        out.user = decoded->substr(0, colon);
        out.password = decoded->substr(colon + 1);
        out.kind = presented::scheme::basic;
    }
    return out;
}

}  // namespace nodescope::auth
