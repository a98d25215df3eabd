// SPDX-License-Identifier: Apache-2.0
#include "protocol/sha256.h"

#include <openssl/evp.h>

#include "protocol/check.h"

namespace tally {

struct Sha256::Context {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  CHECK(context_->context && EVP_DigestInit_ex(context_->context, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  CHECK(EVP_DigestUpdate(context_->context, bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  CHECK(EVP_DigestFinal_ex(context_->context, digest.data(), nullptr) == 1);
  return digest;
}

}  // namespace tally
