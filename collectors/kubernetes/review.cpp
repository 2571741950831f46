#include "collectors/kubernetes/review.hpp"

#include "core/json/members.hpp"
#include "core/json/writer.hpp"

#include <fmt/format.h>

#include <utility>

namespace nodescope::kubernetes {

namespace {

constexpr const char* token_path = "/apis/authentication.k8s.io/v1/tokenreviews";
constexpr const char* access_path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

bool is_true(std::string_view object, std::string_view key)
{
    return json_member_of_kind(object, key, json_kind::boolean) == "true";
}

/// `status` of a review of this kind.
result<std::string_view> status_of(std::string_view answer, std::string_view kind)
{
    const auto document = json_document(answer);
    if (!document) return document.error();
    const std::string_view status = json_member_of_kind(*document, "status", json_kind::object);
    if (json_text_member(*document, "kind") != kind || status.empty()) {
        return error(failure::malformed, fmt::format("it is no {} with a status", kind));
    }
    return status;
}

bool has_audience(std::string_view status, std::string_view audience)
{
    bool found = false;
    const std::string_view list = json_member_of_kind(status, "audiences", json_kind::array);
    const auto read = for_each_json_element(list, [&](std::string_view element) {
        const auto text = decode_json_string(element);
        found = found || (text && *text == audience);
    });
    return read && found;
}

}  // namespace

std::string token_review(std::string_view token, std::string_view audience)
{
    std::string body;
    json_writer json(body);
    json.object([&] {
        json.member("apiVersion", "authentication.k8s.io/v1");
        json.member("kind", "TokenReview");
        json.object_member("spec", [&] {
            json.member("token", token);
            json.array_member("audiences", [&] { json.value(audience); });
        });
    });
    return body;
}

result<std::optional<token_user>> read_token_review(std::string_view answer, std::string_view audience)
{
    const auto status = status_of(answer, "TokenReview");
    if (!status) return status.error();
    std::optional<token_user> nobody;
    if (!is_true(*status, "authenticated") || !has_audience(*status, audience)) return nobody;

    const std::string_view user = json_member_of_kind(*status, "user", json_kind::object);
    const std::string_view name = json_member_of_kind(user, "username", json_kind::string);
    token_user out;
    out.name = json_text_member(user, "username");
    if (out.name.empty()) return error(failure::malformed, "the user has no name");
    json_writer spec(out.spec);
    spec.raw_member("user", name);
    // Passed on as they are.
    for (const auto& [key, kind] : {std::pair("uid", json_kind::string), std::pair("groups", json_kind::array),
                                    std::pair("extra", json_kind::object)}) {
        const std::string_view value = json_member_of_kind(user, key, kind);
        if (!value.empty()) spec.raw_member(key, value);
    }
    return std::optional<token_user>(std::move(out));
}

std::string access_review(const token_user& who, const access_attributes& what)
{
    std::string body;
    json_writer json(body);
    const auto resource = [&] {
        json.member("verb", what.verb);
        json.member("version", "v1");
        json.member("resource", "nodes");
        json.member("subresource", what.subresource);
        json.member("name", what.node);
    };
    const auto url = [&] {
        json.member("verb", what.verb);
        json.member("path", what.url);
    };
    json.object([&] {
        json.member("apiVersion", "authorization.k8s.io/v1");
        json.member("kind", "SubjectAccessReview");
        json.object_member("spec", [&] {
            if (what.url.empty()) json.object_member("resourceAttributes", resource);
            else json.object_member("nonResourceAttributes", url);
            json.raw(who.spec);
        });
    });
    return body;
}

result<permission> read_access_review(std::string_view answer)
{
    const auto status = status_of(answer, "SubjectAccessReview");
    if (!status) return status.error();
    const bool granted = is_true(*status, "allowed") && !is_true(*status, "denied");
    return granted ? permission::granted : permission::denied;
}

namespace {

template <class Answer>
void count(backend_statistics& in, const result<Answer>& answer)
{
    const failure kind = answer ? failure::internal : answer.error().kind();
    if (kind == failure::cancelled) return;
    in.count(answer.has_value() || backend_statistics::was_answered(kind), kind == failure::timed_out);
}

}  // namespace

reviews::reviews(std::unique_ptr<api_peer> api_server, std::string audience)
    : api_server_(std::move(api_server)), audience_(std::move(audience))
{
}

task<result<std::optional<token_user>>> reviews::review_token(std::string token, deadline limit)
{
    std::string body = token_review(token, audience_);
    const auto answer = co_await api_server_->post(token_path, std::move(body), answer_limit, limit);
    count(of_tokens_, answer);
    if (!answer) {
        // A server may repeat what it was sent, and tokens never reach a log or an answer.
        const bool told = answer.error().message().find(token) != std::string::npos;
        if (told) co_return error(answer.error().kind(), "kubernetes: the review of a token failed");
        co_return answer.error();
    }
    auto user = read_token_review(*answer, audience_);
    if (!user) co_return about_answer(api_server_->names_for(token_path, "POST"), user.error());
    co_return user;
}

task<result<permission>> reviews::review_access(token_user who, access_attributes what, deadline limit)
{
    std::string body = access_review(who, what);
    const auto answer = co_await api_server_->post(access_path, std::move(body), answer_limit, limit);
    count(of_rights_, answer);
    if (!answer) co_return answer.error();
    const auto allowed = read_access_review(*answer);
    if (!allowed) co_return about_answer(api_server_->names_for(access_path, "POST"), allowed.error());
    co_return allowed;
}

}  // namespace nodescope::kubernetes
