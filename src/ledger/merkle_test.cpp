#include "ledger/merkle.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace lineshaft::ledger {
namespace {

Sha256 from_hex(const std::string& hex) {
  Sha256 hash{};
  for (std::size_t i = 0; i < hash.size(); ++i) {
    hash[i] = static_cast<std::uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  }
  return hash;
}

// --- the vectors of the transparency-dev project: good proofs, and what must be refused ---

// Nothing if it does not have the length of a hash: such a proof cannot even be handed over.
std::optional<Sha256> hash_of(const nlohmann::json& base64) {
  const auto text = base64.get<std::string>();
  Bytes bytes(text.size() + 1);  // never a null pointer
  std::size_t size = 0;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size,
                        nullptr, sodium_base64_VARIANT_ORIGINAL) != 0) {
    return std::nullopt;
  }
  Sha256 hash{};
  if (size != hash.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.begin() + 32, hash.begin());
  return hash;
}

std::optional<Proof> proof_of(const nlohmann::json& list) {
  Proof proof;
  if (list.is_null()) return proof;
  for (const nlohmann::json& item : list) {
    const std::optional<Sha256> hash = hash_of(item);
    if (!hash) return std::nullopt;
    proof.push_back(*hash);
  }
  return proof;
}

bool accepts_inclusion(const nlohmann::json& vector) {
  const auto leaf = hash_of(vector["leafHash"]);
  const auto root = hash_of(vector["root"]);
  const auto proof = proof_of(vector["proof"]);
  return leaf && root && proof &&
         verify_inclusion(*leaf, vector["leafIdx"].get<std::uint64_t>(),
                          vector["treeSize"].get<std::uint64_t>(), *proof, *root);
}

// Two vectors have words instead of roots and only want to know whether they are compared: words
// are hashed, so that equal ones stay equal and others do not.
std::optional<Sha256> root_of(const nlohmann::json& base64) {
  if (const std::optional<Sha256> hash = hash_of(base64)) return hash;
  return sys::sha256(as_bytes(base64.get<std::string>()));
}

bool accepts_consistency(const nlohmann::json& vector) {
  const auto old_root = root_of(vector["root1"]);
  const auto root = root_of(vector["root2"]);
  const auto proof = proof_of(vector["proof"]);
  return old_root && root && proof &&
         verify_consistency(vector["size1"].get<std::uint64_t>(),
                            vector["size2"].get<std::uint64_t>(), *proof, *old_root, *root);
}

struct Seen {
  int good = 0;
  int bad = 0;
};

template <typename Accepts>
Seen check_vectors(const std::string& folder, const Accepts& accepts) {
  Seen seen;
  const std::string root = std::string(LINESHAFT_SHARED_DIR) + "/golden/merkle/testdata/" + folder;
  if (!std::filesystem::exists(root)) return seen;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const nlohmann::json vector = nlohmann::json::parse(file);
    const bool wanted = !vector["wantErr"].get<bool>();
    EXPECT_EQ(accepts(vector), wanted) << entry.path() << ": " << vector["desc"];
    ++(wanted ? seen.good : seen.bad);
  }
  return seen;
}

TEST(MerkleVectors, OfInclusionAreAllJudgedRightly) {
  const Seen seen = check_vectors("inclusion", accepts_inclusion);
  if (seen.good + seen.bad == 0) GTEST_SKIP() << "the vectors are not here";
  EXPECT_EQ(seen.good + seen.bad, 98);
  EXPECT_GE(seen.good, 6);
}

TEST(MerkleVectors, OfConsistencyAreAllJudgedRightly) {
  const Seen seen = check_vectors("consistency", accepts_consistency);
  if (seen.good + seen.bad == 0) GTEST_SKIP() << "the vectors are not here";
  EXPECT_EQ(seen.good + seen.bad, 98);
  EXPECT_GE(seen.good, 4);
}

// --- the tree itself ---

// As RFC 6962, 2.1 defines it, word for word.
Sha256 naive_root(const std::vector<Sha256>& leaves, std::size_t begin, std::size_t size) {
  if (size == 0) return empty_root();
  if (size == 1) return leaves[begin];
  std::size_t split = 1;
  while (split * 2 < size) split *= 2;
  return node_hash(naive_root(leaves, begin, split),
                   naive_root(leaves, begin + split, size - split));
}

class MerkleTree : public testing::Test {
 protected:
  void grow(std::size_t size) {
    while (leaves_.size() < size) {
      leaves_.push_back(leaf_hash(as_bytes("entry " + std::to_string(leaves_.size()))));
      peaks_.append(leaves_.back(), made_);
    }
  }
  Nodes nodes() {
    return [this](std::uint64_t position) -> Result<Sha256> {
      if (position < made_.size()) return made_[position];
      return Error{ErrorId::kCorrupt, "node " + std::to_string(position)};
    };
  }

  std::vector<Sha256> leaves_;
  std::vector<Sha256> made_;
  Peaks peaks_;
};

// From certificate-transparency's Merkle tree tests, as repeated in many implementations.
TEST_F(MerkleTree, HasTheKnownRoots) {
  EXPECT_EQ(empty_root(),
            from_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  EXPECT_EQ(leaf_hash({}),
            from_hex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
  EXPECT_EQ(leaf_hash(as_bytes("L123456")),
            from_hex("395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"));
  const std::vector<std::string> inputs = {
      "",
      std::string(1, '\0'),
      "\x10",
      "\x20\x21",
      "\x30\x31",
      "\x40\x41\x42\x43",
      "\x50\x51\x52\x53\x54\x55\x56\x57",
      "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
  const char* roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  Peaks peaks;
  EXPECT_EQ(peaks.root(), empty_root());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    peaks.append(leaf_hash(as_bytes(inputs[i])));
    EXPECT_EQ(peaks.root(), from_hex(roots[i])) << i + 1;
  }
}

TEST_F(MerkleTree, HasTheRootOfTheDefinitionAtEverySize) {
  grow(130);
  for (std::size_t size = 0; size <= 130; ++size) {
    EXPECT_EQ(root_at(size, nodes()).value(), naive_root(leaves_, 0, size)) << size;
  }
  EXPECT_EQ(peaks_.root(), naive_root(leaves_, 0, 130));
  EXPECT_EQ(made_.size(), node_count(130));
}

TEST_F(MerkleTree, GoesOnFromItsPeaks) {
  grow(100);
  for (std::size_t size = 0; size <= 50; ++size) {
    Peaks grown;
    for (std::size_t i = 0; i < size; ++i) grown.append(leaves_[i]);
    Peaks peaks(size, grown.hashes());
    for (std::size_t i = size; i < 100; ++i) peaks.append(leaves_[i]);
    EXPECT_EQ(peaks.root(), peaks_.root()) << size;
  }
}

TEST_F(MerkleTree, ProvesEveryLeafAtEverySizeAndNoOther) {
  grow(70);
  for (std::uint64_t size = 1; size <= 70; ++size) {
    const Sha256 root = root_at(size, nodes()).value();
    for (std::uint64_t index = 0; index < size; ++index) {
      const Proof proof = inclusion_proof(index, size, nodes()).value();
      EXPECT_TRUE(verify_inclusion(leaves_[index], index, size, proof, root));
      EXPECT_FALSE(verify_inclusion(leaves_[(index + 1) % 70], index, size, proof, root));
      EXPECT_FALSE(verify_inclusion(leaves_[index], index + 1, size, proof, root));
      EXPECT_FALSE(verify_inclusion(leaves_[index], index, size, proof, leaf_hash({})));
    }
  }
}

TEST_F(MerkleTree, ProvesThatItContinuesEveryOlderOne) {
  grow(70);
  for (std::uint64_t size = 1; size <= 70; ++size) {
    const Sha256 root = root_at(size, nodes()).value();
    for (std::uint64_t old_size = 1; old_size <= size; ++old_size) {
      const Sha256 old_root = root_at(old_size, nodes()).value();
      Proof proof = consistency_proof(old_size, size, nodes()).value();
      EXPECT_TRUE(verify_consistency(old_size, size, proof, old_root, root))
          << old_size << " of " << size;
      EXPECT_FALSE(verify_consistency(old_size, size, proof, leaf_hash({}), root));
      EXPECT_FALSE(verify_consistency(old_size, size, proof, old_root, leaf_hash({})));
      if (proof.empty()) continue;
      proof.back()[7] ^= 1;
      EXPECT_FALSE(verify_consistency(old_size, size, proof, old_root, root));
    }
  }
}

TEST_F(MerkleTree, SaysWhichNodeIsMissing) {
  grow(8);
  made_.resize(10);
  EXPECT_EQ(inclusion_proof(0, 8, nodes()).error().id, ErrorId::kCorrupt);
}

}  // namespace
}  // namespace lineshaft::ledger
