#include "server/http/router.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace nodescope::http {

router::router(std::vector<route> routes) : routes_(std::move(routes))
{
    for (const route& added : routes_) {
        if (added.path.empty() || added.path.front() != '/') {
            throw std::logic_error(fmt::format("route \"{}\": the path does not begin with '/'", added.path));
        }
        if (added.path.back() != '/' || !added.prefix) add(exact_[added.path], added);
        if (!added.prefix) continue;
        std::string below = added.path;
        if (below.back() != '/') below += '/';
        add(prefixes_[below], added);
    }
}

void router::add(entry& to, const route& added) const
{
    if (added.any_method) {
        if (added.verb != method::get || to.get != nullptr || to.post != nullptr) {
            throw std::logic_error(fmt::format("route \"{}\": any method, and another route", added.path));
        }
        to.get = to.post = to.other = &added;
        return;
    }
    const route*& place = added.verb == method::post ? to.post : to.get;
    if (place != nullptr || (added.verb != method::get && added.verb != method::post)) {
        throw std::logic_error(fmt::format("route \"{}\": a second one, or neither GET nor POST", added.path));
    }
    place = &added;
    to.allow = to.get == nullptr ? "POST" : to.post == nullptr ? "GET, HEAD" : "GET, HEAD, POST";
}

const router::entry* router::lookup(std::string_view path) const
{
    if (const auto found = exact_.find(path); found != exact_.end()) return &found->second;
    if (prefixes_.empty()) return nullptr;
    for (std::size_t end = path.rfind('/'); end != std::string_view::npos; end = path.rfind('/', end - 1)) {
        if (const auto found = prefixes_.find(path.substr(0, end + 1)); found != prefixes_.end()) return &found->second;
        if (end == 0) break;
    }
    return nullptr;
}

router::match router::find(method verb, std::string_view path) const
{
    match answer;
    const entry* known = lookup(path);
    if (known == nullptr) return answer;
    if (verb == method::get || verb == method::head) answer.found = known->get;
    else if (verb == method::post) answer.found = known->post;
    else answer.found = known->other;
    if (answer.found == nullptr) answer.allow = known->allow;
    return answer;
}

std::string table_text(const std::vector<route>& routes)
{
    const auto shown = [](const route& row) {
        if (!row.prefix) return row.path;
        return row.path + (row.path.ends_with('/') ? "*" : "/*");
    };
    std::size_t width = 0;
    for (const route& row : routes) width = std::max(width, shown(row).size());
    std::string text;
    for (const route& row : routes) {
        const std::string_view verb = row.any_method ? "ANY" : row.verb == method::post ? "POST" : "GET";
        text += fmt::format("{:<4} {:<{}} {}\n", verb, shown(row), width, row.open ? "open" : to_string(row.gives));
    }
    return text;
}

}  // namespace nodescope::http
