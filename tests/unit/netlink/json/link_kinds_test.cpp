#include "netlink/json/link_kinds.hpp"

#include "core/json/strict.hpp"
#include "netlink/json/link.hpp"

#include <linux/if_bridge.h>
#include <linux/if_link.h>

#include <gtest/gtest.h>

namespace nodescope::netlink {
namespace {

std::string written(const detailed_link& link)
{
    const link_index links(std::vector<detailed_link>{});
    iproute_names names("/nonexistent");
    std::string out;
    json_writer json(out);
    json.object([&] { write_link_kinds(json, link, {links, names}); });
    return out;
}

detailed_link link_of(std::string kind, std::vector<raw_attribute> attributes)
{
    detailed_link link;
    link.has_kinds = true;
    link_kind& made = link.kind.emplace();
    made.name = std::move(kind);
    made.has_attributes = true;
    made.attributes = std::move(attributes);
    return link;
}

TEST(LinkKinds, WritesTheNameAloneOfAKindItDoesNotKnow)
{
    EXPECT_EQ(written(link_of("a\"b\x1b", {{1, "x"}})), R"({"linkinfo":{"info_kind":"a\"b\u001b"}})");
    EXPECT_EQ(written(link_of("veth", {})), R"({"linkinfo":{"info_kind":"veth"}})");
    EXPECT_EQ(written(detailed_link()), R"({"linkinfo":{}})");
}

TEST(LinkKinds, WritesABridgeIdWithoutLeadingZeros)
{
    const std::string id("\x80\x00\x02\x42\xac\x11\x00\x02", 8);
    EXPECT_EQ(written(link_of("bridge", {{IFLA_BR_BRIDGE_ID, id}, {IFLA_BR_ROOT_ID, id}})),
              R"({"linkinfo":{"info_kind":"bridge","info_data":{"bridge_id":"8000.2:42:ac:11:0:2",)"
              R"("root_id":"8000.2:42:ac:11:0:2"}}})");
}

TEST(LinkKinds, AnyLengthOfAnyAttributeIsWrittenAsJson)
{
    for (const char* const kind : {"bridge", "vlan", "vxlan", "macvlan", "ipvlan", "tun", "vrf", "geneve", "bond",
                                   "ipip", "sit", "gre", "gretap", "erspan"}) {
        for (std::uint16_t type = 0; type < 64; ++type) {
            for (std::size_t length = 0; length < 40; ++length) {
                for (const char fill : {'\0', '\x04', '\xff'}) {
                    detailed_link link = link_of(kind, {{type, std::string(length, fill)}});
                    // vlan and macvlan say nothing without these.
                    link.kind->attributes.push_back({IFLA_MACVLAN_MODE, std::string("\x10\0\0\0", 4)});
                    link.port_kind = link.kind;
                    const std::string text = written(link);
                    ASSERT_TRUE(strict_json_document(text, {32, 1000}))
                        << kind << ' ' << type << ' ' << length << ' ' << text;
                }
            }
        }
    }
}

}  // namespace
}  // namespace nodescope::netlink
