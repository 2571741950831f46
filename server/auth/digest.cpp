#include "server/auth/digest.hpp"

#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace nodescope::auth {

digest digest_of(std::string_view bytes)
{
    digest out{};
    unsigned int length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &length, EVP_sha256(), nullptr) != 1 ||
        length != out.size()) {
        throw std::runtime_error("OpenSSL gives no SHA-256");
    }
    return out;
}

bool equal_in_constant_time(const digest& a, const digest& b) noexcept
{
    return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string framed(std::initializer_list<std::string_view> fields)
{
    std::string out;
    for (const std::string_view field : fields) {
        out += std::to_string(field.size());
        out += ':';
        out += field;
    }
    return out;
}

std::string digest_key(std::string_view text)
{
    const digest made = digest_of(text);
    return {made.begin(), made.end()};
}

}  // namespace nodescope::auth
