#include "wire/pdf/document.h"

#include "base/assert.h"

namespace lineshaft::pdf {
namespace {

// Objects of every file; pages and what is drawn on them follow.
enum Object : std::size_t {
  kCatalog = 1,
  kPages,
  kInfo,
  kPlain,
  kBold,
  kSong,
  kSongCid,
  kFirstPage
};

void append_hex(std::string& out, unsigned value, int digits) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (int i = digits - 1; i >= 0; --i) out += kDigits[(value >> (4 * i)) & 0xFU];
}

// UTF-16, as <4E2D6587>.
std::string utf16_text(const std::u32string& characters, std::string_view begin = "<") {
  std::string text(begin);
  for (char32_t c : characters) {
    if (c < 0x10000) {
      append_hex(text, c, 4);
    } else {
      append_hex(text, 0xD800 + ((c - 0x10000) >> 10), 4);
      append_hex(text, 0xDC00 + ((c - 0x10000) & 0x3FFU), 4);
    }
  }
  return text + ">";
}

// Latin-1, as (text).
std::string latin_text(const std::u32string& characters) {
  std::string text = "(";
  for (char32_t c : characters) {
    if (c == U'(' || c == U')' || c == U'\\') text += '\\';
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else {
      text += '\\';
      for (int shift = 6; shift >= 0; shift -= 3)
        text += static_cast<char>('0' + ((c >> shift) & 7U));
    }
  }
  return text + ")";
}

// "12.34" of 1234.
std::string number(Length length) {
  const std::string hundredths = std::to_string(100 + length % 100).substr(1);
  return std::to_string(length / 100) + "." + hundredths;
}

std::string font_object(const char* name) {
  return std::string("<</Type/Font/Subtype/Type1/BaseFont/") + name + "/Encoding/WinAnsiEncoding>>";
}

std::string reference(std::size_t object) { return std::to_string(object) + " 0 R"; }

std::string page_object(std::size_t content) {
  return "<</Type/Page/Parent " + reference(kPages) + "/MediaBox[0 0 " + number(kPageWidth) + " " +
         number(kPageHeight) + "]/Resources<</Font<</P " + reference(kPlain) + "/B " +
         reference(kBold) + "/S " + reference(kSong) + ">>>>/Contents " + reference(content) + ">>";
}

std::u32string characters_of(std::string_view text) {
  std::u32string all;
  for (const Run& run : runs_of(text)) all += run.characters;
  return all;
}

}  // namespace

void Document::text(Length x, Length y, Font font, std::string_view text) {
  LS_ASSERT(page_ < pages_.size());
  LS_ASSERT(x >= 0 && y >= 0 && y <= kPageHeight);
  std::string& page = pages_[page_];
  page += "BT " + number(x) + " " + number(kPageHeight - y) + " Td";
  for (const Run& run : runs_of(text)) {
    page += !run.is_latin ? " /S " : font.is_bold ? " /B " : " /P ";
    page += number(font.size) + " Tf ";
    page += run.is_latin ? latin_text(run.characters) : utf16_text(run.characters);
    page += " Tj";
  }
  page += " ET\n";
}

void Document::rule(Length x, Length y, Length width) {
  LS_ASSERT(page_ < pages_.size());
  const std::string height = number(kPageHeight - y);
  pages_[page_] +=
      "0.5 w " + number(x) + " " + height + " m " + number(x + width) + " " + height + " l S\n";
}

std::string Document::bytes() const {
  std::vector<std::string> objects(kFirstPage);
  objects[kCatalog] = "<</Type/Catalog/Pages " + reference(kPages) + ">>";
  objects[kInfo] = "<</Title" + utf16_text(characters_of(title_), "<FEFF") + ">>";
  objects[kPlain] = font_object("Helvetica");
  objects[kBold] = font_object("Helvetica-Bold");
  objects[kSong] =
      "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light-UniGB-UTF16-H"
      "/Encoding/UniGB-UTF16-H/DescendantFonts[" +
      reference(kSongCid) + "]>>";
  objects[kSongCid] =
      "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000"
      "/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 5>>"
      "/FontDescriptor<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/ItalicAngle 0"
      "/Ascent 880/Descent -120/CapHeight 880/StemV 93/FontBBox[-25 -254 1000 880]>>>>";
  std::string kids;
  for (const std::string& page : pages_) {
    kids += (kids.empty() ? "" : " ") + reference(objects.size());
    objects.push_back(page_object(objects.size() + 1));
    objects.push_back("<</Length " + std::to_string(page.size()) + ">>\nstream\n" + page +
                      "endstream");
  }
  objects[kPages] =
      "<</Type/Pages/Count " + std::to_string(pages_.size()) + "/Kids[" + kids + "]>>";

  // The comment of high bytes tells programs that move files that this one is no text.
  std::string file = "%PDF-1.4\n%\xE2\xE3\xCF\xD3\n";
  std::string places = "0000000000 65535 f \n";
  for (std::size_t i = 1; i < objects.size(); ++i) {
    const std::string place = std::to_string(file.size());
    places += std::string(10 - place.size(), '0') + place + " 00000 n \n";
    file += std::to_string(i) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  const std::string start = std::to_string(file.size());
  const std::string count = std::to_string(objects.size());
  file += "xref\n0 " + count + "\n" + places;
  file += "trailer\n<</Size " + count + "/Root " + reference(kCatalog) + "/Info " +
          reference(kInfo) + ">>\nstartxref\n" + start + "\n%%EOF\n";
  return file;
}

}  // namespace lineshaft::pdf
