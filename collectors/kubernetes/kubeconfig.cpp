// The part of a kubeconfig that leads from its current context to a server and a credential. The format is that of
// k8s.io/client-go, tools/clientcmd/api/v1.
#include "collectors/kubernetes/access.hpp"
#include "collectors/kubernetes/credential_file.hpp"
#include "core/text.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>

namespace nodescope::kubernetes {

namespace {

/// Carries a sentence from anywhere in the document to read_kubeconfig, which catches it.
struct unusable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A name from the file, as it may stand in a sentence.
std::string quoted(const std::string& name) { return fmt::format("\"{}\"", escape_untrusted(name, 100)); }

/// One named cluster, context or user of the file.
class section {
public:
    section(const YAML::Node& node, std::string what) : node_(node), what_(std::move(what)) {}

    /// Empty when the key is absent or null.
    [[nodiscard]] std::string text(const char* key) const
    {
        const YAML::Node value = node_[key];
        if (!value || value.IsNull()) return {};
        if (!value.IsScalar()) throw unusable(fmt::format("{}: {} is not a string", what_, key));
        return value.Scalar();
    }
    [[nodiscard]] bool has(const char* key) const
    {
        const YAML::Node value = node_[key];
        return value && !value.IsNull() && !(value.IsScalar() && value.Scalar().empty());
    }
    [[nodiscard]] bool is_true(const char* key) const
    {
        const YAML::Node value = node_[key];
        return value && !value.IsNull() && value.as<bool>();
    }
    [[nodiscard]] unusable wrong(std::string_view why) const { return unusable(fmt::format("{}: {}", what_, why)); }

private:
    YAML::Node node_;
    std::string what_;
};

/// The entry called `name` in the list `list`, whose body is under `key`.
section find(const YAML::Node& document, const char* list, const char* key, const std::string& name)
{
    const std::string what = fmt::format("{} {}", key, quoted(name));
    const YAML::Node entries = document[list];
    if (entries && !entries.IsNull() && !entries.IsSequence()) throw unusable(fmt::format("{} is not a list", list));
    for (const YAML::Node& entry : entries) {
        if (!entry.IsMap() || !entry["name"] || !entry["name"].IsScalar() || entry["name"].Scalar() != name) continue;
        const YAML::Node body = entry[key];
        if (!body || body.IsNull()) return section(YAML::Node(YAML::NodeType::Map), what);
        if (!body.IsMap()) throw unusable(fmt::format("{} is not a mapping", what));
        return section(body, what);
    }
    throw unusable(fmt::format("{} is not defined", what));
}

std::string decode_base64(std::string text, const section& owner, const char* key)
{
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    const auto bad = [&] { return owner.wrong(fmt::format("{} is not base64", key)); };
    if (text.empty() || text.size() % 4 != 0) throw bad();
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    std::basic_string<unsigned char> out(text.size() / 4 * 3, 0);
    std::basic_string<unsigned char> in(text.begin(), text.end());
    if (EVP_DecodeBlock(out.data(), in.data(), static_cast<int>(in.size())) < 0) throw bad();
    return std::string(out.begin(), out.end() - static_cast<std::ptrdiff_t>(padding));
}

/// Paths in a kubeconfig are relative to the folder it lies in.
std::string resolved(const std::string& path, const std::filesystem::path& folder) { return (folder / path).string(); }

/// The PEM text under `<key>-data`, else in the file under `key`; empty when there is neither. The data wins, as in
/// client-go.
std::string pem(const section& owner, const std::string& key, const std::filesystem::path& folder)
{
    const std::string data_key = key + "-data";
    if (std::string data = owner.text(data_key.c_str()); !data.empty()) {
        return decode_base64(std::move(data), owner, data_key.c_str());
    }
    const std::string path = owner.text(key.c_str());
    if (path.empty()) return {};
    auto content = read_credential_file(resolved(path, folder));
    if (!content) throw owner.wrong(fmt::format("{}: {}", key, content.error().message()));
    if (content->empty()) throw owner.wrong(fmt::format("{}: {} is empty", key, resolved(path, folder)));
    return std::move(*content);
}

server_address server_of(const section& cluster)
{
    if (cluster.is_true("insecure-skip-tls-verify")) {
        throw cluster.wrong(
            "insecure-skip-tls-verify is refused, because the server's certificate is always verified; give its CA as "
            "certificate-authority");
    }
    if (cluster.has("proxy-url")) throw cluster.wrong("proxy-url is not supported");
    const std::string server = cluster.text("server");
    if (server.empty()) throw cluster.wrong("server is not set");
    auto address = parse_server_url(server);
    if (!address) throw cluster.wrong(fmt::format("server: {}", address.error().message()));
    return std::move(*address);
}

/// What another client would honour and this one cannot must not be passed over: it would act as somebody else.
void refuse_unsupported(const section& user)
{
    struct refusal {
        const char* key;
        const char* why;
    };
    static constexpr std::array<refusal, 6> refusals{{
        {"exec", "exec plugins are not run; give a token, a tokenFile or a client certificate"},
        {"auth-provider", "auth-provider plugins are not supported; give a token, a tokenFile or a client certificate"},
        {"username", "username and password are not supported; give a token, a tokenFile or a client certificate"},
        {"password", "username and password are not supported; give a token, a tokenFile or a client certificate"},
        {"as", "impersonation is not supported"},
        {"as-uid", "impersonation is not supported"},
    }};
    for (const refusal& each : refusals) {
        if (user.has(each.key)) throw user.wrong(each.why);
    }
}

void read_user(const section& user, const std::filesystem::path& folder, api_access& access)
{
    refuse_unsupported(user);
    access.tls.certificate_pem = pem(user, "client-certificate", folder);
    access.tls.key_pem = pem(user, "client-key", folder);
    if (access.tls.certificate_pem.empty() != access.tls.key_pem.empty()) {
        throw user.wrong("client-certificate and client-key are only useful together");
    }
    result<std::string> token = std::string();
    if (const std::string path = user.text("tokenFile"); !path.empty()) {
        token = read_token_file(resolved(path, folder));
    } else if (const std::string inline_token = user.text("token"); !inline_token.empty()) {
        token = checked_token(inline_token, "token");
    }
    if (!token) throw user.wrong(token.error().message());
    access.token = std::move(*token);
}

api_access read_document(const YAML::Node& document, const std::filesystem::path& folder)
{
    if (!document.IsMap()) throw unusable("it is not a mapping");
    const section top(document, "kubeconfig");
    if (const std::string kind = top.text("kind"); !kind.empty() && kind != "Config") {
        throw unusable(fmt::format("its kind is {}, not Config", quoted(kind)));
    }
    const std::string context_name = top.text("current-context");
    if (context_name.empty()) throw unusable("current-context is not set");
    const section context = find(document, "contexts", "context", context_name);
    const std::string cluster_name = context.text("cluster");
    if (cluster_name.empty()) throw context.wrong("cluster is not set");
    const section cluster = find(document, "clusters", "cluster", cluster_name);

    api_access access(server_of(cluster));
    access.tls.ca_pem = pem(cluster, "certificate-authority", folder);
    access.tls.server_name = cluster.text("tls-server-name");
    if (const std::string user_name = context.text("user"); !user_name.empty()) {
        read_user(find(document, "users", "user", user_name), folder, access);
    }
    return access;
}

}  // namespace

result<api_access> read_kubeconfig(const std::string& path)
{
    const auto wrong = [&path](failure kind, std::string_view why) {
        return error(kind, fmt::format("kubeconfig {}: {}", path, why));
    };
    const auto content = read_credential_file(path);
    if (!content) return wrong(failure::invalid, content.error().message());
    try {
        return read_document(YAML::Load(*content), std::filesystem::path(path).parent_path());
    } catch (const unusable& reason) {
        return wrong(failure::invalid, reason.what());
    } catch (const YAML::Exception& reason) {
        // reason.msg may quote the file, and with it a secret.
        return wrong(failure::invalid, fmt::format("not a kubeconfig in YAML (line {})", reason.mark.line + 1));
    }
}

}  // namespace nodescope::kubernetes
