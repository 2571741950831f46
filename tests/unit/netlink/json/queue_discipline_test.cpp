#include "netlink/json/queue_discipline.hpp"

#include "core/json/strict.hpp"

#include <linux/pkt_sched.h>

#include <gtest/gtest.h>

namespace nodescope::netlink {
namespace {

std::string written(const queue_discipline& shown)
{
    const link_index links;
    iproute_names names("/nonexistent");
    std::string out;
    json_writer json(out);
    write_queue_discipline(json, shown, {links, names});
    return out;
}

TEST(QueueDisciplineJson, WritesWhereItIs)
{
    queue_discipline shown;
    shown.kind = "a\"b";
    shown.interface_index = 4;
    shown.handle = 0x80010000;
    shown.parent = 0x00010012;
    shown.references = 1;
    EXPECT_EQ(written(shown), R"({"kind":"a\"b","handle":"8001:","dev":"if4","parent":"1:12","options":{}})");
    shown.parent = TC_H_ROOT;
    shown.references = 2;
    shown.queue = queue_state{.length = 1, .backlog = 2, .drops = 3, .requeues = 4, .overlimits = 5};
    EXPECT_EQ(written(shown), R"({"kind":"a\"b","handle":"8001:","dev":"if4","root":true,"refcnt":2,"options":{},)"
                              R"("drops":3,"overlimits":5,"requeues":4,"backlog":2,"qlen":1})");
}

TEST(QueueDisciplineJson, AnyLengthOfAnyOptionIsWrittenAsJson)
{
    for (const char* const kind : {"pfifo", "bfifo", "pfifo_fast", "prio", "fq_codel", "fq", "tbf", "htb", "other"}) {
        for (std::uint16_t type = 0; type < 24; ++type) {
            for (std::size_t length = 0; length < 140; ++length) {
                for (const char fill : {'\0', '\x01', '\xff'}) {
                    std::string options(4 + length, fill);
                    const auto claimed = static_cast<std::uint16_t>(options.size());
                    std::memcpy(options.data(), &claimed, sizeof claimed);
                    std::memcpy(options.data() + 2, &type, sizeof type);
                    queue_discipline shown;
                    shown.kind = kind;
                    shown.options = options;
                    shown.kind_statistics = std::string(length, fill);
                    ASSERT_TRUE(strict_json_document(written(shown), {32, 1000}))
                        << kind << ' ' << type << ' ' << length;
                }
            }
        }
    }
}

}  // namespace
}  // namespace nodescope::netlink
