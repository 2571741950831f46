// Authorization headers and the files of tokens and passwords: no input crashes, and what is accepted keeps its rules.
#include "server/auth/authorization_header.hpp"
#include "server/auth/secret_tables.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace nodescope::auth;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const presented seen = read_authorization(text);
    if (seen.kind == presented::scheme::bearer && seen.token.empty()) std::abort();
    if (seen.user.find('\0') != std::string::npos || seen.password.find('\0') != std::string::npos) std::abort();
    if (seen.user.find(':') != std::string::npos) std::abort();
    if (const auto tokens = token_table::parse(text, "f"); tokens && tokens->name_of("")) std::abort();
    if (const auto users = password_table::parse(text, "f"); users) {
        if (users->highest_cost() < 4 || users->highest_cost() > password_table::highest_allowed_cost) std::abort();
    }
    return 0;
}
