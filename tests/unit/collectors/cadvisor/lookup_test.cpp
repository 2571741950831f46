// How containers are found by path and by what Docker calls them, and what is said when they are not.
#include "collectors/cadvisor/lookup.hpp"

#include <gtest/gtest.h>

using namespace nodescope;
using namespace nodescope::cadvisor;

namespace {

const std::string known_id(64, 'a');
const std::string short_id = "ab" + std::string(62, 'c');

query by_docker(std::string name, bool recursive = false)
{
    query asked;
    asked.type = query::naming::by_docker;
    asked.name = std::move(name);
    asked.recursive = recursive;
    return asked;
}

query by_path(std::string name, bool recursive = false)
{
    query asked;
    asked.name = std::move(name);
    asked.recursive = recursive;
    return asked;
}

std::string text_of(const query& asked)
{
    const std::vector<container_names> all{{"/", {}, {}, {}},
                                           {"/docker", {}, {}, {}},
                                           {"/docker/a", "web", known_id, "docker"},
                                           {"/docker/b", "wob", short_id, "docker"}};
    const auto found = choose_containers(all, asked);
    if (!found) return found.error().message();
    std::string indices;
    for (const std::size_t index : *found) indices += std::to_string(index);
    return indices;
}

}  // namespace

TEST(Lookup, FindsByPathAndByDocker)
{
    EXPECT_EQ(text_of(by_path("/")), "0");
    EXPECT_EQ(text_of(by_path("/docker/")), "1");
    EXPECT_EQ(text_of(by_path("/doc", true)), "123");
    EXPECT_EQ(text_of(by_docker("/web")), "2");
    EXPECT_EQ(text_of(by_docker(short_id)), "3");
    EXPECT_EQ(text_of(by_docker("we")), "2");
    EXPECT_EQ(text_of(by_docker("ab")), "3");
    EXPECT_EQ(text_of(by_docker("/", true)), "23");
}

TEST(Lookup, SaysWhatCadvisorSays)
{
    EXPECT_EQ(text_of(by_path("/nope")), "unknown container \"/nope\"");
    EXPECT_EQ(text_of(by_path("/nope", true)), "unknown container: \"/nope\"");
    EXPECT_EQ(text_of(by_docker("nope")), "unable to find Docker container \"nope\"");
    EXPECT_EQ(text_of(by_docker("w")), "unable to find container. Container \"w\" is not unique");
    EXPECT_EQ(text_of(by_docker("")), "unable to find container. Container \"\" is not unique");
    EXPECT_EQ(text_of(by_docker("/c1", true)), "invalid request for docker container \"/c1\" with subcontainers");
    EXPECT_EQ(text_of(by_path("/a\"\n")), "unknown container \"/a\\\"\\n\"");
}

namespace {

std::string of_a_mixed_node(query::naming type, std::string name, bool recursive = false)
{
    const std::string id_c(64, 'c');
    const std::vector<container_names> all{{"/", {}, {}, {}},
                                           {"/docker/a", "web", known_id, "docker"},
                                           {"/kubepods/b", "k8s_web_x", short_id, "containerd"},
                                           {"/kubepods/c", {}, id_c, {}}};
    query asked = by_docker(std::move(name), recursive);
    asked.type = type;
    const auto found = choose_containers(all, asked);
    if (!found) return found.error().message();
    std::string indices;
    for (const std::size_t index : *found) indices += std::to_string(index);
    return indices;
}

}  // namespace

TEST(Lookup, EachRuntimeHasItsOwnAndWhatMayBeItsOwn)
{
    using naming = query::naming;
    EXPECT_EQ(of_a_mixed_node(naming::by_docker, "/", true), "13");
    EXPECT_EQ(of_a_mixed_node(naming::by_containerd, "/", true), "23");
    EXPECT_EQ(of_a_mixed_node(naming::by_crio, "", true), "3");
    EXPECT_EQ(of_a_mixed_node(naming::by_containerd, "k8s_web"), "2");
    EXPECT_EQ(of_a_mixed_node(naming::by_containerd, short_id), "2");
    EXPECT_EQ(of_a_mixed_node(naming::by_podman, "cccc"), "3") << "no runtime has said whose it is";
    EXPECT_EQ(of_a_mixed_node(naming::by_docker, short_id), "unable to find Docker container \"" + short_id + "\"");
    EXPECT_EQ(of_a_mixed_node(naming::by_containerd, "web"),
              "unable to find container \"web\" in \"containerd\" namespace");
    EXPECT_EQ(of_a_mixed_node(naming::by_crio, ""),
              "unable to find container in \"crio\" namespace. Container \"\" is not unique");
    EXPECT_EQ(of_a_mixed_node(naming::by_podman, "/c1", true),
              "invalid request for podman container \"/c1\" with subcontainers");
}
