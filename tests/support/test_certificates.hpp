// Certificates made for one test: a CA of its own and leaves signed by it, as PEM texts.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace nodescope::testing {

struct pem_pair {
    std::string certificate;
    std::string key;
};

class certificate_authority {
public:
    certificate_authority() : key_(EVP_EC_gen("P-256")), certificate_(X509_new())
    {
        fill(certificate_.get(), key_.get(), "nodescope test CA", 3600);
        extend(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
        X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
        sign(certificate_.get());
    }

    [[nodiscard]] std::string pem() const { return text_of(certificate_.get()); }

    /// A leaf with these subject alternative names ("DNS:localhost", "IP:127.0.0.1"), valid for so many seconds from
    /// now; negative: expired.
    [[nodiscard]] pem_pair issue(const std::string& names, long valid_for = 3600) const
    {
        const key_pointer key(EVP_EC_gen("P-256"));
        const certificate_pointer leaf(X509_new());
        fill(leaf.get(), key.get(), "nodescope test leaf", valid_for);
        extend(leaf.get(), NID_subject_alt_name, names);
        X509_set_issuer_name(leaf.get(), X509_get_subject_name(certificate_.get()));
        sign(leaf.get());
        pem_pair made;
        made.certificate = text_of(leaf.get());
        const bio_pointer out(BIO_new(BIO_s_mem()));
        PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        made.key = read(out.get());
        return made;
    }

private:
    template <auto Free>
    struct freer {
        template <class T>
        void operator()(T* object) const noexcept
        {
            Free(object);
        }
    };
    using key_pointer = std::unique_ptr<EVP_PKEY, freer<EVP_PKEY_free>>;
    using certificate_pointer = std::unique_ptr<X509, freer<X509_free>>;
    using bio_pointer = std::unique_ptr<BIO, freer<BIO_free>>;

    static void fill(X509* certificate, EVP_PKEY* key, const std::string& name, long valid_for)
    {
        static long serial = 1;
        X509_set_version(certificate, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
        X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
        X509_gmtime_adj(X509_getm_notAfter(certificate), valid_for);
        X509_set_pubkey(certificate, key);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    }

    static void extend(X509* certificate, int kind, const std::string& value)
    {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
        if (extension == nullptr) throw std::runtime_error("no such certificate extension: " + value);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }

    void sign(X509* certificate) const { X509_sign(certificate, key_.get(), EVP_sha256()); }

    static std::string read(BIO* from)
    {
        char* bytes = nullptr;
        const long length = BIO_ctrl(from, BIO_CTRL_INFO, 0, &bytes);
        return std::string(bytes, static_cast<std::size_t>(length));
    }

    static std::string text_of(X509* certificate)
    {
        const bio_pointer out(BIO_new(BIO_s_mem()));
        PEM_write_bio_X509(out.get(), certificate);
        return read(out.get());
    }

    key_pointer key_;
    certificate_pointer certificate_;
};

}  // namespace nodescope::testing
