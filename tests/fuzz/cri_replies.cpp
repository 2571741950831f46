// What a runtime with CRI, or something in its place, may send: HTTP/2 frames, messages, and the JSON in them.
#include "collectors/runtime/container_reference.hpp"
#include "collectors/runtime/cri/messages.hpp"
#include "collectors/runtime/cri/names.hpp"
#include "collectors/runtime/cri/runtime_info.hpp"
#include "collectors/runtime/cri/session.hpp"
#include "collectors/runtime/cri/verbose_info.hpp"
#include "core/deadline.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

using namespace nodescope;
using namespace nodescope::cri;

namespace {

constexpr std::size_t answer_limit = 4096;

void require(bool holds)
{
    if (!holds) std::abort();
}

/// As they arrive from a socket: in pieces whose size the input says.
void frames(std::string_view bytes, std::size_t piece)
{
    session_limits limits;
    limits.message = answer_limit;
    session peer(limits);
    const auto now = steady_clock::now();
    const auto pending = std::make_shared<pending_call>(limits.message);
    const call_request call("/runtime.v1.RuntimeService/Version", version_request());
    require(bool(peer.begin(call, deadline::in(std::chrono::hours(1)), pending)));
    std::string out;
    peer.take_output(out);
    while (!bytes.empty()) {
        const std::string_view next = bytes.substr(0, std::min(piece, bytes.size()));
        bytes.remove_prefix(next.size());
        const bool alive = bool(peer.receive(next, now));
        peer.take_output(out);
        if (!alive) {
            require(pending->over && peer.calls() == 0);
            break;
        }
    }
    peer.lost(error(failure::unavailable, "the runtime has closed the connection"), false);
    require(pending->over && pending->how.message.size() <= answer_limit);
}

void messages(std::string_view bytes)
{
    const auto version = read_version(bytes);
    const auto status = read_runtime_status(bytes);
    if (version && status) (void)info_json(*version, *status, "unix:///run/cri.sock");
    if (const auto one = read_container_status(bytes)) (void)read_verbose_info(one->info);
    if (const auto one = read_sandbox_status(bytes)) (void)read_verbose_info(one->info);
    const auto containers = read_containers(bytes);
    const auto sandboxes = read_sandboxes(bytes);
    if (!containers || !sandboxes) return;
    const auto pods = by_id(*sandboxes);
    for (const auto& one : *containers) (void)name_of(one, pod_of(one, pods));
    for (const auto& one : *sandboxes) (void)name_of(one);
    (void)find_in_pod("default", "web", "", *containers, *sandboxes);
    if (const auto asked = container_reference::parse("0123456789ab")) {
        (void)find_by_reference(*asked, *containers, *sandboxes);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    if (bytes[0] == 0) {
        (void)read_verbose_info(text);
        (void)read_container_ports(text);
    } else if (bytes[0] == 1) {
        messages(text);
    } else {
        frames(text, bytes[0]);
    }
    return 0;
}
