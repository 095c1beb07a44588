#include "app/manual.h"

#include <CLI/CLI.hpp>
#include <functional>

namespace lineshaft::app {
namespace {

// Calls `visit` with every command that can be run, and its words ("connect add").
void walk(const CLI::App& app, const std::string& words,
          const std::function<void(const std::string& words, const CLI::App& command)>& visit) {
  if (!words.empty()) visit(words, app);
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    walk(*child, words.empty() ? child->get_name() : words + " " + child->get_name(), visit);
  }
}

bool is_leaf(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App*) { return true; }).empty();
}

// Backslashes and leading dots mean something to troff; a minus must stay a minus.
std::string troff(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string option_words(const CLI::App& command) {
  std::string words;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) words += " --" + name;
    for (const std::string& name : option->get_snames()) words += " -" + name;
  }
  return words;
}

std::string child_words(const CLI::App& command) {
  std::string words;
  for (const CLI::App* child : command.get_subcommands([](const CLI::App*) { return true; })) {
    words += " " + child->get_name();
  }
  return words;
}

// One `case` of the completion: the words so far, then what may follow.
std::string completion_cases(const CLI::App& root) {
  std::string cases =
      "    '')"
      " words='" +
      child_words(root).substr(1) + "' ;;\n";
  walk(root, "", [&](const std::string& words, const CLI::App& command) {
    const std::string next = child_words(command) + option_words(command);
    cases += "    '" + words + "') words='" + (next.empty() ? next : next.substr(1)) + "' ;;\n";
  });
  return cases;
}

}  // namespace

std::string manual_page(const CLI::App& root, std::string_view version) {
  std::string page = ".TH LINESHAFT 1 \"\" \"Lineshaft " + std::string(version) +
                     "\" \"Lineshaft manual\"\n.SH NAME\nlineshaft \\- " +
                     troff(root.get_description()) +
                     "\n.SH SYNOPSIS\n.B lineshaft\n.I noun verb\n[options]\n.SH COMMANDS\n";
  walk(root, "", [&](const std::string& words, const CLI::App& command) {
    if (!is_leaf(command)) return;
    page += ".SS \"lineshaft " + words + "\"\n" + troff(command.get_description()) + ".\n";
    for (const CLI::Option* option : command.get_options()) {
      if (option->get_name() == "--help,-h" || option->get_name() == "-h,--help") continue;
      page += ".TP\n.B \"" + troff(option->get_name(option->get_positional(), true)) + "\"\n" +
              troff(option->get_description());
      if (option->get_required()) page += " (required)";
      page += ".\n";
    }
  });
  page +=
      ".SH \"EXIT STATUS\"\n0 done, 1 failed, 2 usage, 3 not found, 4 conflict, 5 denied, "
      "6 unreachable, 7 verification failed.\n.SH ENVIRONMENT\n.TP\n.B LINESHAFT_URL\nAddress of "
      "the server.\n.TP\n.B LINESHAFT_TOKEN\nToken of a program.\n.TP\n.B "
      "LINESHAFT_FINGERPRINT\nFingerprint of the server\\(aqs certificate.\n.TP\n.B "
      "LINESHAFT_PASSWORD\nPassword, where no terminal can ask for it.\n.TP\n.B NO_COLOR\nNo "
      "colours.\n";
  return page;
}

std::string bash_completion(const CLI::App& root) {
  return "# bash completion for lineshaft\n"
         "_lineshaft() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" path='' words='' word\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    [[ $word == -* ]] || path=\"${path:+$path }$word\"\n"
         "  done\n"
         "  case \"$path\" in\n" +
         completion_cases(root) +
         "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "}\n"
         "complete -o default -F _lineshaft lineshaft\n";
}

std::string zsh_completion(const CLI::App& root) {
  return "#compdef lineshaft\n"
         "_lineshaft() {\n"
         "  local here='' words='' word\n"
         "  for word in ${${(z)LBUFFER}[2,-1]}; do\n"
         "    [[ $word == -* || $word == $PREFIX ]] || here=\"${here:+$here }$word\"\n"
         "  done\n"
         "  case \"$here\" in\n" +
         completion_cases(root) +
         "  esac\n"
         "  compadd -- ${=words}\n"
         "}\n"
         "compdef _lineshaft lineshaft\n";
}

}  // namespace lineshaft::app
