// Paths and options of requests to cAdvisor's API: the first line is the path below /api, the rest the query.
#include "server/api/cadvisor/request.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

using namespace nodescope;

namespace {

void check_path(std::string_view below)
{
    const std::string path = "/api" + std::string(below);
    const api::cadvisor_path parts = api::split_cadvisor_path(path);
    if (parts.version.find('/') != std::string_view::npos || parts.type.find('/') != std::string_view::npos)
        std::abort();
    if (parts.container.empty()) std::abort();
    if (parts.container != "/" && (parts.version.empty() || parts.type.empty()) &&
        below.find("//") == std::string_view::npos && below.starts_with('/')) {
        std::abort();
    }
}

void check_options(std::string_view text)
{
    const auto options = api::cadvisor_options::parse(api::url_query(text));
    if (!options) {
        if (options.error().message().empty()) std::abort();
        return;
    }
    if (options->count < -1 || options->count > std::numeric_limits<std::uint32_t>::max()) std::abort();
    if (options->max_age && options->max_age->count() < 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const std::size_t end = std::min(text.find('\n'), size);
    check_path(text.substr(0, end));
    check_options(text.substr(std::min(end + 1, size)));
    check_options(text);
    return 0;
}
