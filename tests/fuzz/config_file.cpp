// The configuration file: whatever it holds, it is read or refused with a line of the text.
#include "server/config/config_file.hpp"
#include "server/config/near_match.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace nodescope;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const auto settings = parse_config_text("f", text);
    if (!settings) {
        if (!settings.error().message().starts_with("f:")) std::abort();
        return 0;
    }
    for (const file_setting& one : *settings) {
        if (one.key.empty() || one.line == 0) std::abort();
        (void)did_you_mean(one.key, {"timeout-docker", "listen"}, "--");
    }
    return 0;
}
