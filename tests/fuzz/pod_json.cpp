// Pods and lists of pods as an API server, or something in its place, may answer them.
#include "collectors/kubernetes/pod_json.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace nodescope::kubernetes;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    if (const auto facts = read_pod_facts(text)) {
        const auto whole = with_kind_and_version(text, *facts);
        // What was added must leave a pod behind.
        if (whole && !read_pod_facts(*whole)) std::abort();
    }
    (void)pods_of_list(text, "node");
    return 0;
}
