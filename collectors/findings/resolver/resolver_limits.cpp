// resolver-limits: resolv.conf has more than resolvers use.
#include "collectors/findings/rules.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

namespace nodescope::findings {

namespace {

/// resolv.conf(5): those of glibc before 2.26. Of all others musl has the second, and Kubernetes larger ones of its
/// own.
constexpr std::size_t most_domains = 6;
constexpr std::size_t most_characters = 256;

void tell_nameservers(const resolver_words& resolver, finding_list& found)
{
    const std::size_t count = resolver.nameservers.size();
    if (count <= used_nameservers) return;
    // As many again are named: a line may be long, and there may be thousands.
    const auto first = resolver.nameservers.begin() + used_nameservers;
    const auto last = first + static_cast<std::ptrdiff_t>(std::min(count - used_nameservers, used_nameservers));
    finding one;
    one.summary = fmt::format("/etc/resolv.conf has {} nameservers, and resolvers ask only the first {}", count,
                              used_nameservers);
    one.seen.add("nameservers", count).add("limit", used_nameservers);
    one.seen.add("not_asked", joined(std::span(first, last), ", "));
    found.add(std::move(one));
}

void tell_search(const resolver_words& resolver, finding_list& found)
{
    const std::size_t count = resolver.search.size();
    std::size_t characters = count == 0 ? 0 : count - 1;  // the blanks between them
    for (const std::string& one : resolver.search) characters += one.size();
    if (count <= most_domains && characters <= most_characters) return;
    finding one;
    one.summary = fmt::format(
        "the search list of /etc/resolv.conf has {} domains with {} characters, and many resolvers use no more than {} "
        "and {}",
        count, characters, most_domains, most_characters);
    one.seen.add("domains", count).add("domains_limit", most_domains);
    one.seen.add("characters", characters).add("characters_limit", most_characters);
    found.add(std::move(one));
}

}  // namespace

finding_list look_for_resolver_limits(const network_model& model)
{
    finding_list found;
    tell_nameservers(model.resolver, found);
    tell_search(model.resolver, found);
    return found;
}

}  // namespace nodescope::findings
