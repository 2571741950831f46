// What stands in Podman's files, or in others in their place.
#include "collectors/runtime/podman/stored_containers.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

using namespace nodescope;
using namespace nodescope::podman;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    std::vector<stored_container> all;
    (void)add_stored_containers(text, "overlay", all);
    for (const stored_container& one : all) {
        const auto reference = container_reference::parse(one.name);
        if (!reference || !find_stored(all, *reference)) std::abort();
    }
    (void)parse_specification(text);
    return 0;
}
