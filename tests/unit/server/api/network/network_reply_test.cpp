#include "server/api/network/network_reply.hpp"

#include "core/json/strict.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

network_reading::part list_of(std::string_view name, std::size_t count)
{
    netlink::dumped<int> read;
    read.items.assign(count, 123456789);
    return {*find_network_part(name),
            list_part(read, "numbers", SIZE_MAX, [](json_writer& json, int one) { json.value(one); })};
}

network_reading::part failed(std::string_view name, failure kind, std::string sentence)
{
    return {*find_network_part(name), error(kind, std::move(sentence))};
}

TEST(NetworkReply, HasTargetPartsErrorsAndNotes)
{
    network_reading found;
    found.pid = 7;
    found.space.inode = 99;
    found.parts.push_back(list_of("addr", 2));
    found.parts.push_back(failed("route", failure::timed_out, "late\x1b"));
    EXPECT_EQ(
        network_reply(found, 100000).value(),
        R"({"target":{"container":null,"pid":7,"netns":99,"host_network":false,"verified":true,"resolved_by":null},)"
        R"("addr":[123456789,123456789],"errors":{"route":{"kind":"timed_out","message":"late\\x1b"}},"notes":{}})"
        "\n");

    found.owner.emplace();
    found.owner->what.id = "abc";
    found.owner->what.name = "we\"b";
    found.owner->what.runtime = "docker";
    found.owner->what.pod.name = "p";
    found.owner->what.pod.name_space = "n";
    found.owner->resolved_by = "kernel";
    found.owner->runtime_failure = error(failure::unavailable, "away");
    found.note = "odd";
    found.parts.pop_back();
    EXPECT_EQ(
        network_reply(found, 100000).value(),
        R"({"target":{"container":{"id":"abc","name":"we\"b","runtime":"docker","pod":{"namespace":"n","name":"p",)"
        R"("uid":"","container":""}},"pid":7,"netns":99,"host_network":false,"verified":true,"resolved_by":"kernel"},)"
        R"("addr":[123456789,123456789],"errors":{"runtime":{"kind":"unavailable","message":"away"}},)"
        R"("notes":{"target":"odd"}})"
        "\n");
}

TEST(NetworkReply, FailsWhereThereIsNoPart)
{
    network_reading found;
    found.parts.push_back(failed("addr", failure::denied, "no"));
    found.parts.push_back(failed("route", failure::timed_out, "late"));
    EXPECT_EQ(network_reply(found, 100000).error(), error(failure::denied, "no"));
}

TEST(NetworkReply, CutsTheLongestListsAtAnyLimit)
{
    network_reading found;
    found.parts.push_back(list_of("addr", 1000));
    found.parts.push_back(list_of("route", 3));
    found.parts.push_back(list_of("rule", 0));
    found.parts.push_back(list_of("neigh", 900));
    std::size_t fitted = 0;
    for (std::size_t limit = 0; limit < 25000; limit += 7) {
        const auto body = network_reply(found, limit);
        if (!body) {
            EXPECT_EQ(body.error().kind(), failure::too_large);
            continue;
        }
        ++fitted;
        ASSERT_LE(body->size(), limit);
        ASSERT_TRUE(strict_json_document(*body, {32, 10000})) << *body;
        const bool short_list_whole = body->find(R"("route":[123456789,123456789,123456789])") != std::string::npos;
        EXPECT_TRUE(short_list_whole || limit < 4000) << limit;
    }
    EXPECT_GT(fitted, 1000U);
    const auto cut = network_reply(found, 10000).value();
    EXPECT_NE(cut.find(" of 1000 elements"), std::string::npos);
    EXPECT_NE(cut.find(" of 900 elements"), std::string::npos);
    EXPECT_EQ(cut.find(" of 3 elements"), std::string::npos);
    EXPECT_EQ(network_reply(found, 100000).value().find("elements"), std::string::npos);
}

}  // namespace
}  // namespace nodescope::api
