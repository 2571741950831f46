#include "collectors/runtime/docker/replies.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace nodescope::docker {
namespace {

const std::string first_id = "6f" + std::string(62, 'a');

std::string inspect_answer(const std::string& more = "")
{
    return R"({"Id":")" + first_id + R"(","Created":"2026-01-01T00:00:00Z","Path":"sh","Args":["-c","\u0022"],)" +
           R"("State":{"Status":"running","Running":true,"Pid":4711,"ExitCode":0,"StartedAt":"2026-01-01T00:00:01.5Z",)" +
           R"("Health":null},"Name":"/web","HostConfig":{"NetworkMode":"default","Memory":0,"Big":1e999}})" + more;
}

TEST(ContainerState, IsReadFromAnInspect)
{
    const auto got = parse_container(inspect_answer("\n"));
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->id, first_id);
    EXPECT_EQ(got->name, "web");
    EXPECT_EQ(got->status, "running");
    EXPECT_EQ(got->pid, 4711);
    EXPECT_EQ(got->started_at, "2026-01-01T00:00:01.5Z");
    EXPECT_EQ(got->runtime, "docker");
    EXPECT_FALSE(got->shares_network);
}

TEST(ContainerState, HasWhatDescribesAContainer)
{
    const auto got = parse_container(
        R"({"Id":")" + first_id +
        R"(","Created":"2026-01-01T00:00:00.25Z","State":{"ExitCode":137,"OOMKilled":true,"FinishedAt":"2026-01-01T00:00:09Z","Health":{"Status":"healthy","Log":null}},)"
        R"("RestartCount":3,"Driver":"overlay2","LogPath":"/d/containers/x/x-json.log","HostsPath":"/d/containers/x/hosts",)"
        R"("GraphDriver":{"Name":"overlay2","Data":{"LowerDir":"/l","UpperDir":"/d/overlay2/x/diff"}},)"
        R"("HostConfig":{"CpuShares":2048,"NetworkMode":"container:6faaaaaaaaaa"},"NetworkSettings":{"SandboxKey":"/var/run/docker/netns/6f"},)"
        R"("Config":{"Image":"busybox:local","Env":["A=b","C"],"Labels":{"a.b":"c\u0022","":""}}})");
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->created, "2026-01-01T00:00:00.25Z");
    EXPECT_EQ(got->exit_code, 137);
    EXPECT_TRUE(got->killed_for_memory);
    EXPECT_EQ(got->finished_at, "2026-01-01T00:00:09Z");
    EXPECT_EQ(got->health, "healthy");
    EXPECT_EQ(got->restart_count, 3);
    EXPECT_EQ(got->storage_driver, "overlay2");
    EXPECT_EQ(got->upper_directory, "/d/overlay2/x/diff");
    EXPECT_TRUE(got->shares_network);
    EXPECT_EQ(got->network_file, "/var/run/docker/netns/6f");
    EXPECT_EQ(got->cpu_shares, 2048);
    EXPECT_EQ(got->image, "busybox:local");
    EXPECT_EQ(got->environment, (std::vector<std::string>{"A=b", "C"}));
    EXPECT_EQ(got->labels, (std::map<std::string, std::string>{{"", ""}, {"a.b", "c\""}}));
}

TEST(ContainerState, KeepsNoMoreLabelsAndVariablesThanFit)
{
    const std::string big(60U << 10U, 'x');
    const std::string part(15U << 10U, 'y');
    const std::string body = fmt::format(
        R"({{"Id":"{}","Config":{{"Labels":{{"a":"1","big":"{}","b":"{}","c":"{}","d":"{}","e":"{}","f":"{}","g":"4"}},)"
        R"("Env":["A=1","B={}","C={}","D=4"]}}}})",
        std::string(64, '0'), big, part, part, part, part, part, big, big);
    const auto got = parse_container(body);
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->labels, (std::map<std::string, std::string>{
                               {"a", "1"}, {"b", part}, {"c", part}, {"d", part}, {"e", part}, {"g", "4"}}));
    EXPECT_EQ(got->environment, (std::vector<std::string>{"A=1", "B=" + big, "D=4"}));
}

TEST(ContainerState, BelievesAPodsLabelsWhereTheNameProvesThem)
{
    const auto labels = [](const std::string& name, const std::string& before) {
        const auto got = parse_container(fmt::format(
            R"({{"Id":"{}","Config":{{"Labels":{{{}"io.kubernetes.pod.name":"web",)"
            R"("io.kubernetes.pod.namespace":"ns","io.kubernetes.sandbox.id":"s","tier":"x"}}}},"Name":"/{}"}})",
            first_id, before, name));
        return got ? got->labels : std::map<std::string, std::string>();
    };
    const std::map<std::string, std::string> all{{"io.kubernetes.pod.name", "web"},
                                                 {"io.kubernetes.pod.namespace", "ns"},
                                                 {"io.kubernetes.sandbox.id", "s"},
                                                 {"tier", "x"}};
    EXPECT_EQ(labels("k8s_app_web_ns_0b8f6a3e-1c1f_0", ""), all);
    for (const char* name : {"evil", "k8s_app_other_ns_0b8f6a3e-1c1f_0", "k8s_app_web_other_0b8f6a3e-1c1f_0"}) {
        EXPECT_EQ(labels(name, ""), (std::map<std::string, std::string>{{"tier", "x"}})) << name;
    }
    // However much an image brings, the kubelet's labels have their place.
    const std::string part(15U << 10U, 'y');
    std::string before;
    for (int i = 0; i < 5; ++i) before += fmt::format(R"("a{}":"{}",)", i, part);
    const auto got = labels("k8s_app_web_ns_0b8f6a3e-1c1f_0", before);
    EXPECT_EQ(got.at("io.kubernetes.pod.name"), "web");
    EXPECT_EQ(got.at("io.kubernetes.sandbox.id"), "s");
}

TEST(ContainerState, IsAPodsByItsName)
{
    const auto pod = [](const std::string& name) {
        const auto got = parse_container(fmt::format(
            R"({{"Id":"{}","Config":{{"Labels":{{"io.kubernetes.pod.name":"web","io.kubernetes.pod.namespace":"ns"}}}},)"
            R"("Name":"/{}"}})",
            first_id, name));
        return got ? got->pod : pod_of_container();
    };
    const auto app = pod("k8s_app_web_ns_0b8f6a3e-1c1f_0");
    EXPECT_EQ(app.name, "web");
    EXPECT_EQ(app.name_space, "ns");
    EXPECT_EQ(app.uid, "0b8f6a3e-1c1f");
    EXPECT_EQ(app.container, "app");
    EXPECT_FALSE(app.is_sandbox);
    const auto sandbox = pod("k8s_POD_web_ns_0b8f6a3e-1c1f_0");
    EXPECT_EQ(sandbox.container, "POD");
    EXPECT_TRUE(sandbox.is_sandbox);
    EXPECT_EQ(pod("evil"), pod_of_container());
    EXPECT_EQ(pod("k8s_app_other_ns_0b8f6a3e-1c1f_0"), pod_of_container());
}

TEST(Names, AreThoseWithoutTheNamesOfLinks)
{
    const std::string list = fmt::format(
        R"([{{"Id":"{}","Names":["/other/alias","/web"]}},null,{{"Id":"b","Names":null}},{{"Id":"c","Names":["db"]}},)"
        R"({{"Id":"d","Names":["/x/y"]}},{{"Id":"e"}}])",
        first_id);
    const auto names = parse_names(list);
    ASSERT_TRUE(names) << names.error();
    EXPECT_EQ(*names, (names_by_id{{first_id, "web"}, {"c", "db"}}));
    for (std::size_t length = 0; length < list.size(); ++length) EXPECT_FALSE(parse_names(list.substr(0, length)));
    EXPECT_TRUE(parse_names("[]")->empty());
}

TEST(Names, OfAnotherTypeAreMalformed)
{
    for (const char* list : {R"([{"Id":1,"Names":["/a"]}])", R"([{"Id":"a","Names":[1]}])",
                             R"([{"Id":"a","Names":{}}])", R"(["a"])", R"({"Id":"a"})"}) {
        EXPECT_FALSE(parse_names(list)) << list;
    }
}

TEST(ContainerState, ToleratesNullsAndMissingMembers)
{
    for (const std::string more :
         {"", R"(,"State":null,"HostConfig":null,"Name":null)", R"(,"State":{},"HostConfig":{})",
          R"(,"State":{"Pid":null,"Status":null,"Health":null})", R"(,"Config":null,"Created":null)",
          R"(,"Config":{"Env":null,"Labels":null})", R"(,"GraphDriver":null)", R"(,"GraphDriver":{"Data":null})",
          R"(,"New":[[{}],1.5,"x",true])"}) {
        const auto got = parse_container(fmt::format(R"({{"Id":"{}"{}}})", first_id, more));
        ASSERT_TRUE(got) << more << got.error();
        EXPECT_EQ(got->pid, 0);
        EXPECT_EQ(got->status, "");
    }
}

TEST(ContainerState, IsNeverReadFromATruncatedAnswer)
{
    const std::string whole = inspect_answer();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto got = parse_container(whole.substr(0, length));
        ASSERT_FALSE(got) << length;
        EXPECT_EQ(got.error().kind(), failure::malformed);
    }
}

TEST(ContainerState, RefusesWhatIsNotAContainer)
{
    const std::string cases[] = {
        "",
        "null",
        "[]",
        "\"x\"",
        "1",
        "{}",
        R"({"Id":null})",
        R"({"Id":1})",
        R"({"Id":"abc"})",
        R"({"Id":")" + std::string(64, 'G') + R"("})",
        R"({"Id":")" + std::string(65, 'a') + R"("})",
        R"({"Id":")" + first_id + R"(","State":{"Pid":"7"}})",
        R"({"Id":")" + first_id + R"(","State":{"Pid":1.5}})",
        R"({"Id":")" + first_id + R"(","State":{"Pid":1e3}})",
        R"({"Id":")" + first_id + R"(","State":{"Pid":-1}})",
        R"({"Id":")" + first_id + R"(","State":{"Pid":99999999999999999999}})",
        R"({"Id":")" + first_id + R"(","State":[]})",
        R"({"Id":")" + first_id + R"(","Name":["web"]})",
        R"({"Id":")" + first_id + R"("} x)",
        std::string(100'000, '['),
        R"({"Id":)" + std::string(100'000, '{'),
    };
    for (const std::string& text : cases) {
        const auto got = parse_container(text);
        ASSERT_FALSE(got) << text.substr(0, 120);
        EXPECT_EQ(got.error().kind(), failure::malformed);
    }
}

TEST(Facts, AreWhatIsThere)
{
    const runtime_facts both = parse_facts(R"({"Version":"20.10.24+dfsg1","ApiVersion":"1.41"})");
    EXPECT_EQ(both.version, "20.10.24+dfsg1");
    EXPECT_EQ(both.api_version, "1.41");
    EXPECT_EQ(parse_facts(R"({"Version":"24.0"})").api_version, "");
    const std::string endless = R"({"Version":")" + std::string(5000, 'x') + R"("})";
    for (const std::string_view text :
         {std::string_view(""), std::string_view("{}"), std::string_view("[]"), std::string_view("{\"Version\":"),
          std::string_view(R"({"Version":7,"ApiVersion":null})"), std::string_view(R"({"Version":""})"),
          std::string_view(endless)}) {
        EXPECT_EQ(parse_facts(text).version, "") << text;
        EXPECT_EQ(parse_facts(text).api_version, "") << text;
    }
}

TEST(StorageRoot, IsAnAbsolutePath)
{
    EXPECT_EQ(parse_storage_root(R"({"DockerRootDir":"/data/docker"})"), "/data/docker");
    for (const std::string_view text : {"", "{}", R"({"DockerRootDir":"data"})", R"({"DockerRootDir":null})"}) {
        EXPECT_EQ(parse_storage_root(text), "") << text;
    }
}

TEST(Identity, OnlyAWholeNameOrTwelveDigitsWillDo)
{
    container answered;
    answered.id = first_id;
    answered.name = "6";
    const auto verdict = [&](const std::string& asked) {
        return check_identity(engine_kind::docker, *container_reference::parse(asked), answered);
    };
    EXPECT_TRUE(verdict(first_id));
    EXPECT_TRUE(verdict(first_id.substr(0, 12)));
    EXPECT_TRUE(verdict("6")) << "it is the name";
    for (const std::size_t length : {2U, 5U, 11U}) {
        const auto refused = verdict(first_id.substr(0, length));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind(), failure::conflict);
        EXPECT_NE(refused.error().message().find("too short for an id"), std::string::npos);
    }
    for (const std::string other : {"web", "6faaaaaaaaab", "6FAAAAAAAAAA", "66"}) {
        const auto refused = verdict(other);
        ASSERT_FALSE(refused) << other;
        EXPECT_EQ(refused.error().kind(), failure::conflict);
    }
    EXPECT_FALSE(verdict(first_id + "a"));
}

TEST(Body, IsPassedOnByteForByte)
{
    const std::string exact =
        R"([{"Id":"x","Big":12345678901234567890123,"Dup":1,"Dup":2,"e":1e999,"s":"\ud83d\ude00é"}])";
    const auto got = checked_body(engine_body(" \n" + exact + "\n"), json_kind::array);
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ((*got)->text, exact);
    EXPECT_EQ((*checked_body(engine_body("{}"), json_kind::object))->text, "{}");
}

TEST(Body, OfTheWrongKindOrNotJsonIsMalformed)
{
    for (const char* text : {"", " ", "nulls", "{}", "[", "[1,]", "[1] [2]", "[\"\x01\"]", "<html>", "[01]", "['a']"}) {
        const auto got = checked_body(engine_body(text), json_kind::array);
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().kind(), failure::malformed);
    }
    EXPECT_FALSE(checked_body(engine_body("[]"), json_kind::object));
}

TEST(Body, OfAnEngineWithoutContainersMayBeNull)
{
    for (const char* const text : {"null", " null\n"}) {
        const auto got = checked_body(engine_body(text), json_kind::array);
        ASSERT_TRUE(got) << got.error();
        EXPECT_EQ((*got)->text, "[]");
    }
    EXPECT_FALSE(checked_body(engine_body("null"), json_kind::object));
}

TEST(Body, InvalidUtf8BecomesTheReplacementCharacter)
{
    const auto got = checked_body(engine_body("[\"a\xff"
                                              "b\xc3\"]"),
                                  json_kind::array);
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ((*got)->text,
              "[\"a\xef\xbf\xbd"
              "b\xef\xbf\xbd\"]");
}

TEST(EngineMessage, IsFoundInJsonAndInText)
{
    EXPECT_EQ(engine_message(R"({"message":"No such container: x"})"
                             "\n"),
              "No such container: x");
    EXPECT_EQ(engine_message(R"({"cause":"c","message":"podman says","response":404})"), "podman says");
    EXPECT_EQ(engine_message("client version 1.10 is too old\n"), "client version 1.10 is too old");
    EXPECT_EQ(engine_message(""), "without a message");
    EXPECT_EQ(engine_message("{}"), "{}");
    EXPECT_EQ(engine_message(R"({"message":"a\nb\u001b[31m"})"), "a\\nb\\x1b[31m");
    EXPECT_LE(engine_message(std::string(100'000, 'x')).size(), 1024U);
}

TEST(RefusesVersion, KnowsBothWordings)
{
    EXPECT_TRUE(refuses_version(400, "client version 1.41 is too old. Minimum supported API version is 1.44"));
    EXPECT_TRUE(
        refuses_version(400, R"({"message":"client version 1.44 is too new. Maximum supported API version is 1.41"})"));
    EXPECT_FALSE(refuses_version(400, "bad parameter"));
    EXPECT_FALSE(refuses_version(500, "client version 1.41 is too old"));
}

std::string pod_entry(char id, const std::string& names, const std::string& labels,
                      const std::string& state = "running")
{
    return R"({"Id":")" + std::string(64, id) + R"(","Names":)" + names + R"(,"State":")" + state + R"(","Labels":)" +
           labels + R"(,"HostConfig":null,"Networks":null})";
}

std::string labels_of(const std::string& container, const std::string& kind)
{
    return R"({"io.kubernetes.pod.namespace":"ns","io.kubernetes.pod.name":"pod","io.kubernetes.container.name":")" +
           container + R"(","io.kubernetes.docker.type":")" + kind + R"("})";
}

class PodContainer : public ::testing::Test {
protected:
    result<std::string> choose(const std::string& list, const std::string& container)
    {
        const auto parsed = parse_pod_containers(list);
        if (!parsed) return parsed.error();
        return choose_pod_container(engine_kind::docker, *parsed, "ns", "pod", container);
    }
    const std::string sandbox = pod_entry('0', R"(["/k8s_POD_pod_ns_u-1_0"])", labels_of("POD", "podsandbox"));
    const std::string app =
        pod_entry('1', R"(["/link/x","/k8s_app_pod_ns_u-1_2","/y"])", labels_of("app", "container"));
    const std::string proxy = pod_entry('2', R"(["/k8s_proxy_pod_ns_u-1_0"])", labels_of("proxy", "container"));
    const std::string stranger = pod_entry('3', R"(["/web"])", "null");
    const std::string old_app = pod_entry('4', R"(["/k8s_app_pod_ns_u-1_1"])", labels_of("app", "container"), "exited");
};

TEST_F(PodContainer, IsChosenByNameOrTheOnlyOneOrTheSandbox)
{
    EXPECT_EQ(*choose("[" + sandbox + "," + app + "," + proxy + "," + stranger + "," + old_app + "]", "app"),
              std::string(64, '1'));
    EXPECT_EQ(*choose("[" + sandbox + "," + app + "]", ""), std::string(64, '1'));
    EXPECT_EQ(*choose("[" + sandbox + "," + app + "," + proxy + "]", ""), std::string(64, '0'));
    EXPECT_EQ(*choose("[" + sandbox + "]", ""), std::string(64, '0'));
    EXPECT_EQ(*choose("[" + sandbox + "]", "POD"), std::string(64, '0'));
}

TEST_F(PodContainer, IsNoneWhoseNameDoesNotProveItsLabels)
{
    for (const char* names : {R"(["/evil"])", "null", "[]", R"(["/k8s_app_other_ns_u-1_0"])",
                              R"(["/k8s_other_pod_ns_u-1_0"])", R"(["/link/k8s_app_pod_ns_u-1_0"])"}) {
        const std::string impostor = pod_entry('9', names, labels_of("app", "container"));
        EXPECT_EQ(choose("[" + impostor + "]", "app").error().kind(), failure::gone) << names;
        EXPECT_EQ(*choose("[" + impostor + "," + app + "]", "app"), std::string(64, '1')) << names;
    }
    EXPECT_EQ(choose(R"([{"Id":"0","Names":[1]}])", "").error().kind(), failure::malformed);
}

TEST_F(PodContainer, NoneAndSeveralAreToldApart)
{
    EXPECT_EQ(choose("[]", "").error().kind(), failure::gone);
    EXPECT_EQ(choose("[" + stranger + "]", "").error().kind(), failure::gone);
    EXPECT_EQ(choose("[" + sandbox + "," + old_app + "]", "app").error().kind(), failure::gone);
    const auto several = choose("[" + app + "," + proxy + "]", "");
    EXPECT_EQ(several.error().kind(), failure::conflict);
    EXPECT_EQ(several.error().message(), "docker: pod ns/pod has 2 running containers (app, proxy): say which one");
    EXPECT_EQ(choose("[" + app + "," + app + "]", "app").error().kind(), failure::conflict);
    EXPECT_EQ(choose("[1]", "").error().kind(), failure::malformed);
    EXPECT_EQ(*choose("[null," + app + "]", ""), std::string(64, '1')) << "one null is not the end of the list";
}

}  // namespace
}  // namespace nodescope::docker
