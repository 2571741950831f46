// Durations, times and quoted names as Go reads and writes them: what is read and written again is the same.
#include "server/api/cadvisor/go_values.hpp"
#include "collectors/cadvisor/go_quoted.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace nodescope;

namespace {

void check_duration(std::string_view text)
{
    const auto read = api::parse_go_duration(text);
    if (!read) {
        if (!read.error().message().starts_with("time: ")) std::abort();
        return;
    }
    const auto again = api::parse_go_duration(fmt::format("{}ns", read->count()));
    if (!again || *again != *read) std::abort();
}

void check_time(std::string_view text)
{
    const auto read = api::parse_go_time(text);
    if (!read) return;
    const auto second = std::chrono::floor<std::chrono::seconds>(*read);
    const std::time_t whole = second.time_since_epoch().count();
    const auto again =
        api::parse_go_time(fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}Z", fmt::gmtime(whole), (*read - second).count()));
    if (!again || *again != *read) std::abort();
}

void check_quoted(std::string_view text)
{
    const std::string quoted = cadvisor::go_quoted(text);
    if (quoted.size() < 2 || !quoted.starts_with('"') || !quoted.ends_with('"')) std::abort();
    bool marked = false;
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        const auto c = static_cast<unsigned char>(quoted[i]);
        if (c < 0x20 || c == 0x7f || (c == '"' && !marked)) std::abort();
        marked = c == '\\' && !marked;
    }
    if (marked) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    check_duration(text);
    check_time(text);
    check_quoted(text);
    (void)api::is_go_true(text);
    return 0;
}
