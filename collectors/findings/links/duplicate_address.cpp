// duplicate-address: the kernel has found an address of this namespace at somebody else's on the same link.
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <linux/if_addr.h>

namespace nodescope::findings {

finding_list look_for_duplicate_address(const network_model& model)
{
    finding_list found;
    const links_by_index links(model);
    for (const netlink::link_address& address : model.addresses.items) {
        if ((address.flags & IFA_F_DADFAILED) == 0) continue;
        finding one;
        one.about.ifname = links.name(static_cast<std::uint32_t>(address.link_index));
        one.summary = fmt::format("{} of {} is somebody else's on that link too, and is not used", text_of(address),
                                  one.about.ifname);
        one.seen.add("address", text_of(address)).add("flag", "dadfailed");
        found.add(std::move(one));
    }
    return found;
}

}  // namespace nodescope::findings
