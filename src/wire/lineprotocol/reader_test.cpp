// Examples and rules from the reference of line protocol:
// https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
#include "wire/lineprotocol/reader.h"

#include <gtest/gtest.h>

#include <cmath>

namespace lineshaft::lineprotocol {
namespace {

std::string text_of(const FieldValue& value) {
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "bool true" : "bool false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return "int " + std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) return "float " + std::to_string(*number);
  return "text " + unescape_text(std::get<std::string_view>(value));
}

// Each line as "measurement|key=value|... field: type value; ... @time"; then what is wrong, if
// anything is.
std::string read(std::string_view text) {
  std::string out;
  Reader reader(text);
  Line line;
  while (reader.next(line)) {
    const auto series = parse_series(line.series);
    out += series ? series->measurement : "(" + series.error().what + ")";
    if (series) {
      for (const auto& [key, value] : series->tags) out += "|" + key + "=" + value;
    }
    for (const Field& field : line.fields) {
      out += " " + unescape_name(field.key) + ": " + text_of(field.value) + ";";
    }
    if (line.time) out += " @" + std::to_string(*line.time);
    out += "\n";
  }
  if (!reader.problem()) out += reader.problem().error().what;
  return out;
}

TEST(LineProtocol, ReadsTheExamplesOfItsReference) {
  EXPECT_EQ(
      read("myMeasurement,tag1=value1,tag2=value2 fieldKey=\"fieldValue\" 1556813561098000000"),
      "myMeasurement|tag1=value1|tag2=value2 fieldKey: text fieldValue; "
      "@1556813561098000000\n");
  EXPECT_EQ(read("myMeasurement fieldKey=1.0\nmyMeasurement fieldKey=1\n"
                 "myMeasurement fieldKey=-1.234456e+78\n"),
            "myMeasurement fieldKey: float 1.000000;\nmyMeasurement fieldKey: float 1.000000;\n"
            "myMeasurement fieldKey: float " +
                std::to_string(-1.234456e+78) + ";\n");
  EXPECT_EQ(read("m f=1i\nm f=12485903i\nm f=-12485903i"),
            "m f: int 1;\nm f: int 12485903;\nm f: int -12485903;\n");
  EXPECT_EQ(read("m f=1u\nm f=12485903u"), "m f: int 1;\nm f: int 12485903;\n");
  EXPECT_EQ(
      read("myMeasurement fieldKey=true,b=false,c=t,d=f,e=T,f=F,g=TRUE,h=FALSE,i=True,j=False"),
      "myMeasurement fieldKey: bool true; b: bool false; c: bool true; d: bool false; "
      "e: bool true; f: bool false; g: bool true; h: bool false; i: bool true; "
      "j: bool false;\n");
  EXPECT_EQ(read("myMeasurement fieldKey=\"this is a string\"\n"),
            "myMeasurement fieldKey: text this is a string;\n");
}

TEST(LineProtocol, TakesEscapesWhereItsReferenceHasThem) {
  EXPECT_EQ(read("my\\ Measurement fieldKey=\"string value\""),
            "my Measurement fieldKey: text string value;\n");
  EXPECT_EQ(read("myMeasurement fieldKey=\"\\\"string\\\" within a string\""),
            "myMeasurement fieldKey: text \"string\" within a string;\n");
  EXPECT_EQ(read("myMeasurement,tag\\ Key1=tag\\ Value1,tag\\ Key2=tag\\ Value2 fieldKey=100"),
            "myMeasurement|tag Key1=tag Value1|tag Key2=tag Value2 fieldKey: float 100.000000;\n");
  EXPECT_EQ(read("my\\,m,a\\=b=c\\,d f\\=g\\,h\\ i=1i"), "my,m|a=b=c,d f=g,h i: int 1;\n");
  // Other backslashes are what they are; two in a row stand for themselves in names, for one in
  // texts.
  EXPECT_EQ(read("C:\\logs,dir=a\\\\b f=\"C:\\\\dir\\n\""),
            "C:\\logs|dir=a\\\\b f: text C:\\dir\\n;\n");
  EXPECT_EQ(read("m,a=b\\\\\\ c f=1i"), "m|a=b\\\\ c f: int 1;\n");
  EXPECT_EQ(read("m f=\"a,b=c d\",g=2i 3"), "m f: text a,b=c d; g: int 2; @3\n");
}

TEST(LineProtocol, PassesOverBlankLinesAndComments) {
  EXPECT_EQ(read("# comment f=1\n\n\r\n  \nm f=1i 5\r\n#\nm f=2i  6  \n#"),
            "m f: int 1; @5\nm f: int 2; @6\n");
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read("m  f=1i"), "m f: int 1;\n");
}

TEST(LineProtocol, ATextMayHaveLines) {
  EXPECT_EQ(read("m f=\"a\nb\",g=1i 1\nm f=2\nm x"),
            "m f: text a\nb; g: int 1; @1\nm f: float 2.000000;\nline 4: has a field without a "
            "value");
}

TEST(LineProtocol, TakesWholeNumbersOf63BitsAndTimesOf64) {
  EXPECT_EQ(read("m a=9223372036854775807i,b=-9223372036854775808i -9223372036854775808"),
            "m a: int 9223372036854775807; b: int -9223372036854775808; @-9223372036854775808\n");
  const std::string refused = "line 1: has a whole number that is none, or beyond 63 bits";
  for (const char* number :
       {"9223372036854775808i", "18446744073709551615u", "-1u", "i", "1.5i", "0x1i", "1_0i"}) {
    EXPECT_EQ(read("m a=" + std::string(number)), refused) << number;
  }
  EXPECT_EQ(read("m a=1 9223372036854775808"),
            "line 1: has a time that is no whole number of 64 bits");
}

TEST(LineProtocol, TakesNumbersToTheLastBit) {
  const auto number = [](const std::string& digits) {
    const std::string text = "m f=" + digits;
    Reader reader(text);
    Line line;
    return reader.next(line) ? std::get<double>(line.fields[0].value) : 777;
  };
  EXPECT_EQ(number("0.1"), 0.1);
  EXPECT_EQ(number("1.7976931348623157e308"), 1.7976931348623157e308);
  EXPECT_EQ(number("4.9406564584124654e-324"), 4.9406564584124654e-324);
  EXPECT_EQ(number("+1.5"), 1.5);
  EXPECT_EQ(number("-.5E-1"), -0.05);
  EXPECT_TRUE(std::signbit(number("-0")));
  for (const char* word : {"nan", "NaN", "inf", "-inf", "+Inf", "infinity", "1e", "1e400", "--1",
                           "0x10", "1,", ".", "-", "tru", "yes", "'a'"}) {
    EXPECT_EQ(number(word), 777) << word;
  }
}

TEST(LineProtocol, NamesTheLineThatIsWrong) {
  const auto problem = [](std::string_view line) {
    const std::string text = read("m f=1i\n# skipped\n" + std::string(line));
    return text.substr(text.find('\n') + 1);
  };
  EXPECT_EQ(problem("m"), "line 3: has no fields");
  EXPECT_EQ(problem("m\nm f=1"), "line 3: has no fields");
  EXPECT_EQ(problem("m "), "line 3: has a field without a value");
  EXPECT_EQ(problem("m f"), "line 3: has a field without a value");
  EXPECT_EQ(problem("m f="), "line 3: has a field without a value");
  EXPECT_EQ(problem("m f= 1"), "line 3: has a field without a value");
  EXPECT_EQ(problem("m =1"), "line 3: has a field without a key");
  EXPECT_EQ(problem("m f=1,"), "line 3: has a field without a value");
  EXPECT_EQ(problem(",a=b f=1"), "line 3: has no measurement");
  EXPECT_EQ(problem("m f=\"a"), "line 3: has a text without its closing quote");
  EXPECT_EQ(problem("m f=\"a\\\""), "line 3: has a text without its closing quote");
  EXPECT_EQ(problem("m f=\"a\"b"), "line 3: has something behind the closing quote of a text");
  EXPECT_EQ(problem("m f=1 x"), "line 3: has a time that is no whole number of 64 bits");
  EXPECT_EQ(problem("m f=1 1.5"), "line 3: has a time that is no whole number of 64 bits");
  EXPECT_EQ(problem("m f=1 1 2"), "line 3: has something behind its time");
}

TEST(LineProtocol, RefusesNamesThatNameNothing) {
  EXPECT_EQ(read("m,a=1,a=2 f=1i"), "(has a tag twice) f: int 1;\n");
  EXPECT_EQ(read("m,a f=1i"), "(has a tag without a value) f: int 1;\n");
  EXPECT_EQ(read("m,a= f=1i"), "(has a tag without a value) f: int 1;\n");
  EXPECT_EQ(read("m,=b f=1i"), "(has a tag without a key) f: int 1;\n");
  EXPECT_EQ(read("m, f=1i"), "(has a tag without a value) f: int 1;\n");
  EXPECT_EQ(read("m,a=b=c f=1i"), "(has a tag with two values) f: int 1;\n");
}

TEST(LineProtocol, PutsTagsInTheOrderOfTheirKeys) {
  EXPECT_EQ(read("m,b=1,a=2 f=1i"), "m|a=2|b=1 f: int 1;\n");
}

}  // namespace
}  // namespace lineshaft::lineprotocol
