#include "server/api/processors/network_diagnosis.hpp"

#include "server/api/network/findings_reply.hpp"
#include "server/api/processors/reply_object.hpp"

#include <fmt/format.h>

#include <string_view>

namespace nodescope::api {

namespace {

constexpr std::string_view findings_key = "collector.kubernetes.network.findings";
/// Braces, the key, the colon and the quotes.
constexpr std::size_t around_findings = findings_key.size() + 16;

result<std::string> diagnosis_within(const findings::report& made, std::size_t findings_bytes, std::size_t max_reply)
{
    auto findings = findings_reply(made, findings_bytes);
    if (!findings) return findings.error();
    if (findings->ends_with('\n')) findings->pop_back();
    reply_object object;
    object.add(findings_key, *findings);
    auto rendered = object.render(max_reply, 0);
    if (!rendered) return rendered.error();
    return std::move(rendered->body);
}

}  // namespace

result<std::string> network_diagnosis(const findings::report& made, std::size_t max_reply_bytes)
{
    const std::size_t room = max_reply_bytes > around_findings ? max_reply_bytes - around_findings : 0;
    auto whole = diagnosis_within(made, room, max_reply_bytes);
    if (whole) return whole;
    // As a string in JSON it is longer by its quotes and backslashes: at most twice as long.
    auto half = diagnosis_within(made, room / 2, max_reply_bytes);
    if (half) return half;
    return error(half.error().kind(), fmt::format("{}: {}", findings_key, half.error().message()));
}

}  // namespace nodescope::api
