#include "collectors/runtime/cri/names.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nodescope::cri {
namespace {

listed_sandbox sandbox(char digit, const std::string& pod, container_state state = container_state::running)
{
    listed_sandbox one;
    one.id = std::string(64, digit);
    one.pod.name = pod;
    one.pod.name_space = "default";
    one.pod.uid = "uid";
    one.state = state;
    return one;
}

listed_container container(const std::string& container_id, const listed_sandbox& of, const std::string& name)
{
    listed_container one;
    one.id = container_id;
    one.sandbox_id = of.id;
    one.name = name;
    one.state = container_state::running;
    return one;
}

class CriNames : public ::testing::Test {
protected:
    [[nodiscard]] std::string found(const std::string& text) const
    {
        const auto asked = container_reference::parse(text);
        EXPECT_TRUE(asked);
        const auto one = find_by_reference(*asked, containers, sandboxes);
        return one ? one->id : std::string(to_string(one.error().kind()));
    }
    [[nodiscard]] std::string in_pod(const std::string& pod, const std::string& name) const
    {
        const auto one = find_in_pod("default", pod, name, containers, sandboxes);
        return one ? one->id : std::string(to_string(one.error().kind()));
    }

    std::vector<listed_sandbox> sandboxes{sandbox('a', "web"), sandbox('b', "db"),
                                          sandbox('c', "gone", container_state::exited)};
    const std::string app = std::string(63, '1') + "1";
    const std::string side = std::string(63, '1') + "2";
    const std::string db = std::string(64, '3');
    std::vector<listed_container> containers{container(app, sandboxes[0], "app"), container(side, sandboxes[0], "side"),
                                             container(db, sandboxes[1], "app")};
};

TEST_F(CriNames, AreTheKubelets)
{
    EXPECT_EQ(name_of(containers[0], sandboxes[0].pod), "k8s_app_web_default_uid_0");
    EXPECT_EQ(name_of(sandboxes[0]), "k8s_POD_web_default_uid_0");
    EXPECT_EQ(name_of(containers[0], pod_identity()), "app") << "whose it is, nobody says";
}

TEST_F(CriNames, FindById)
{
    EXPECT_EQ(found(app), app);
    EXPECT_EQ(found(db.substr(0, 12)), db);
    EXPECT_EQ(found("containerd://" + db), db);
    EXPECT_EQ(found(db.substr(0, 11)), "gone") << "too short to be an id";
    EXPECT_EQ(found(app.substr(0, 12)), "conflict") << "two begin so";
    EXPECT_EQ(found(std::string(20, 'b')), sandboxes[1].id);
}

TEST_F(CriNames, FindByName)
{
    EXPECT_EQ(found("k8s_app_db_default_uid_0"), db);
    EXPECT_EQ(found("k8s_POD_db_default_uid_0"), sandboxes[1].id);
    EXPECT_EQ(found("side"), side);
    EXPECT_EQ(found("app"), "conflict");
    EXPECT_EQ(found("nosuch"), "gone");
    containers[2].state = container_state::exited;
    EXPECT_EQ(found("app"), app) << "only one of them runs";
}

TEST_F(CriNames, FindInAPod)
{
    EXPECT_EQ(in_pod("web", ""), sandboxes[0].id) << "several: their sandbox";
    EXPECT_EQ(in_pod("db", ""), db) << "one alone";
    EXPECT_EQ(in_pod("web", "side"), side);
    EXPECT_EQ(in_pod("web", "POD"), sandboxes[0].id);
    EXPECT_EQ(in_pod("web", "nosuch"), "gone");
    EXPECT_EQ(in_pod("gone", ""), "gone") << "its sandbox has ended";
    EXPECT_EQ(in_pod("nosuch", ""), "gone");
}

TEST_F(CriNames, FindThePodsNewestSandbox)
{
    sandboxes[1].pod.name = "web";
    sandboxes[1].created_at = 7;
    EXPECT_EQ(in_pod("web", ""), db);
}

}  // namespace
}  // namespace nodescope::cri
