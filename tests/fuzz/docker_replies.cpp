// What a Docker Engine, or something in its place, may answer; and ids as callers write them.
#include "collectors/runtime/docker/api_request.hpp"
#include "collectors/runtime/docker/docker_client.hpp"
#include "collectors/runtime/docker/endpoint.hpp"
#include "collectors/runtime/docker/networks.hpp"
#include "collectors/runtime/docker/replies.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace nodescope;
using namespace nodescope::docker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    (void)checked_body(engine_body(std::string(text)), json_kind::array);
    (void)checked_body(engine_body(std::string(text)), json_kind::object);
    if (engine_message(text).empty()) std::abort();
    (void)refuses_version(400, text);
    (void)parse_facts(text);
    (void)parse_storage_root(text);
    const auto state = parse_container(text);
    (void)parse_networks(text);
    (void)parse_published_ports(text);
    (void)parse_network_words(text, "abc");
    if (const auto list = parse_pod_containers(text))
        (void)choose_pod_container(engine_kind::docker, *list, "default", "web", "");
    (void)negotiate_version(engine_kind::docker, text);
    (void)too_new_for_us(engine_kind::docker, text);
    (void)parse_endpoint(text, false, false);
    if (const auto asked = container_reference::parse(text)) {
        if (state) (void)check_identity(engine_kind::docker, *asked, *state);
        api_call call(api_read::container_inspect);
        call.container = *asked;
        // Nothing a caller writes may leave its place in the path.
        const std::string target = request_target(call, "", newest_version);
        if (target.find_first_of("?# \r\n%") != std::string::npos || target.find("..") == 0) std::abort();
    }
    return 0;
}
