// wire/mtconnect/path.h: the XPath of requests: which data items of the devices a client means.
//
// What is understood, of XPath 1.0:
//   path      = location *( "|" location )
//   location  = 1*( ( "/" / "//" ) step )
//   step      = ( name / "*" ) *( "[" or "]" )          a prefix of the name counts for nothing
//   or        = and *( "or" and );  and = test *( "and" test )
//   test      = "@" name [ ( "=" / "!=" ) text ] / "not(" or ")" / "contains(@" name "," text ")"
//             / "starts-with(@" name "," text ")" / "(" or ")"
// The tree is that of the Devices document. A path to a component means all data items below it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/mtconnect/model.h"

namespace lineshaft::mtconnect {

inline constexpr std::size_t kPathBytesMax = 4096;
inline constexpr std::size_t kPathDepthMax = 16;  // of brackets inside a condition
inline constexpr std::size_t kPathStepsMax = 64;  // of all locations together

// A path that was understood.
struct PathTest {
  enum class Kind : std::uint8_t {
    kOr,
    kAnd,
    kNot,
    kHas,
    kEqual,
    kNotEqual,
    kContains,
    kStartsWith
  };
  Kind kind = Kind::kHas;
  std::string attribute;
  std::string value;
  std::vector<PathTest> parts;  // kOr, kAnd, kNot
};
struct PathStep {
  bool anywhere_below = false;  // "//"
  std::string name;             // "": any
  std::vector<PathTest> tests;
};
using PathLocation = std::vector<PathStep>;

// Errors: kInvalidArgument saying where.
Result<std::vector<PathLocation>> parse_path(std::string_view path);

// The devices as a tree to look in. `devices` must outlive it.
class PathIndex {
 public:
  explicit PathIndex(const std::vector<Component>& devices);

  // Data items in the order of the document.
  const std::vector<const DataItem*>& data_items() const { return items_; }
  std::optional<std::size_t> find(std::string_view data_item_id) const;
  // Those of one device.
  std::vector<bool> of_device(const Component& device) const;

  // One flag a data item. Errors: kInvalidArgument, as parse_path.
  // Cost: nodes times steps times tests.
  Result<std::vector<bool>> select(std::string_view path) const;

 private:
  struct Node {  // in the order of the document
    std::string_view name;
    const Component* component = nullptr;
    const DataItem* item = nullptr;
    std::size_t end = 0;         // behind the last node below
    std::size_t first_item = 0;  // data items below: first_item..end_item
    std::size_t end_item = 0;
  };

  std::size_t open(std::string_view name);
  void close(std::size_t node);
  void add(const Component& component);
  static std::string_view attribute(const Node& node, std::string_view name);
  static bool holds(const Node& node, const PathTest& test);
  std::vector<bool> step(const std::vector<bool>& from, const PathStep& step) const;

  std::vector<Node> nodes_;
  std::vector<const DataItem*> items_;
  std::map<std::string_view, std::size_t> by_id_;
};

}  // namespace lineshaft::mtconnect
