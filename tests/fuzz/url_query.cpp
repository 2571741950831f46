// The query part of a target: any bytes.
#include "server/api/cadvisor/url_query.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace nodescope;

namespace {

std::string escaped(std::string_view text)
{
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const api::url_query query(text);
    for (const char* const name : {"", "type", "count", "recursive", "max_age"}) {
        if (query.get(name).size() > size) std::abort();
    }
    // Whatever a name and a value are, escaped they come back as they were, behind what came before.
    const std::string_view name = text.substr(0, size / 2);
    const std::string_view value = text.substr(size / 2);
    const std::string pair = escaped(name) + '=' + escaped(value);
    if (api::url_query(pair).get(name) != value) std::abort();
    if (api::url_query("&;;&" + pair + "&" + escaped(name) + "=later").get(name) != value) std::abort();
    return 0;
}
