#include "app/manual.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <utility>

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

// The patterns of a shell `case`: every command and group of commands, "'connect'|'connect add'".
std::string known_commands(const CLI::App& root) {
  std::string known;
  walk(root, "", [&](const std::string& words, const CLI::App&) {
    known += (known.empty() ? "'" : "|'") + words + "'";
  });
  return known;
}

// One `case` of the completion: the command so far, then what may follow.
std::string completion_cases(const CLI::App& root) {
  std::string cases = "    '') offers='" + child_words(root).substr(1) + "' ;;\n";
  walk(root, "", [&](const std::string& words, const CLI::App& command) {
    const std::string next = child_words(command) + option_words(command);
    cases += "    '" + words + "') offers='" + (next.empty() ? next : next.substr(1)) + "' ;;\n";
  });
  return cases;
}

bool is_help(const CLI::Option& option) {
  return std::ranges::count(option.get_lnames(), "help") > 0;
}

// "--port UINT", "-o,--output TEXT:{table,json}", "FILE" for what stands without a name.
std::string option_name(const CLI::Option& option) {
  std::string name = option.get_name(option.get_positional(), true);
  if (option.get_expected_max() > 0 && !option.get_type_name().empty()) {
    name += " " + option.get_type_name();
  }
  return name;
}

std::string option_text(const CLI::Option& option) {
  std::string text = option.get_description();
  if (option.get_required()) text += " (required)";
  if (!option.get_default_str().empty()) text += " (default " + option.get_default_str() + ")";
  return text;
}

// "lineshaft connect add [host] [options]": what stands without a name, in order.
std::string usage(const std::string& words, const CLI::App& command) {
  std::string line = "lineshaft " + words;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = option->get_name(true);
    line += option->get_required() ? " " + name : " [" + name + "]";
    if (option->get_expected_max() > 1) line += "...";
  }
  return line + " [options]";
}

constexpr std::pair<const char*, const char*> kExitCodes[] = {
    {"0", "done"},
    {"1", "failed"},
    {"2", "the command line is wrong"},
    {"3", "not found"},
    {"4", "conflict"},
    {"5", "denied"},
    {"6", "not reachable"},
    {"7", "verification failed: data is damaged"}};

constexpr std::pair<const char*, const char*> kVariables[] = {
    {"LINESHAFT_URL", "Address of the server, as --server"},
    {"LINESHAFT_TOKEN", "Token of a program, instead of a login"},
    {"LINESHAFT_FINGERPRINT", "Fingerprint of the server's certificate, as --fingerprint"},
    {"LINESHAFT_PASSWORD", "Password, where no terminal can ask for it"},
    {"LINESHAFT_CLIENT_SECRET", "Secret of a client at an identity provider, likewise"},
    {"LINESHAFT_MASTER_KEY",
     "Master key of the server, where the configuration wants it from the system"},
    {"LINESHAFT_PASSPHRASE", "Passphrase that the master key is made of"},
    {"LINESHAFT_PIN", "PIN of the token with the master key"},
    {"NO_COLOR", "If set, nothing is coloured"}};

}  // namespace

std::string manual_page(const CLI::App& root, std::string_view version) {
  std::string page = ".TH LINESHAFT 1 \"\" \"Lineshaft " + std::string(version) +
                     "\" \"Lineshaft manual\"\n.SH NAME\nlineshaft \\- " +
                     troff(root.get_description()) +
                     "\n.SH SYNOPSIS\n.B lineshaft\n.I noun verb\n[options]\n.SH COMMANDS\n";
  walk(root, "", [&](const std::string& words, const CLI::App& command) {
    if (!is_leaf(command)) return;
    page +=
        ".SS \"" + troff(usage(words, command)) + "\"\n" + troff(command.get_description()) + ".\n";
    for (const CLI::Option* option : command.get_options()) {
      if (is_help(*option)) continue;
      page +=
          ".TP\n.B \"" + troff(option_name(*option)) + "\"\n" + troff(option_text(*option)) + ".\n";
    }
  });
  page += ".SH \"EXIT STATUS\"\n";
  for (const auto& [code, text] : kExitCodes) {
    page += ".TP\n.B " + std::string(code) + "\n" + troff(text) + ".\n";
  }
  page += ".SH ENVIRONMENT\n";
  for (const auto& [name, text] : kVariables) {
    page += ".TP\n.B " + std::string(name) + "\n" + troff(text) + ".\n";
  }
  return page;
}

std::string reference_page(const CLI::App& root) {
  std::string page =
      "# Command line\n\n"
      "Written by `lineshaft man --markdown`; a test compares this page with the program.\n\n"
      "Data goes to stdout, everything else to stderr. Colour and progress appear on a terminal "
      "only.\n";
  walk(root, "", [&](const std::string& words, const CLI::App& command) {
    if (!is_leaf(command)) return;
    page += "\n## lineshaft " + words + "\n" + command.get_description() + ".\n\n```\n" +
            usage(words, command) + "\n```\n";
    std::string rows;
    for (const CLI::Option* option : command.get_options()) {
      if (!is_help(*option)) {
        rows += "| `" + option_name(*option) + "` | " + option_text(*option) + " |\n";
      }
    }
    if (!rows.empty()) page += "\n| option | |\n|---|---|\n" + rows;
  });
  page += "\n## Exit codes\n| code | |\n|---|---|\n";
  for (const auto& [code, text] : kExitCodes) {
    page += "| " + std::string(code) + " | " + text + " |\n";
  }
  page += "\n## Environment\n| variable | |\n|---|---|\n";
  for (const auto& [name, text] : kVariables) {
    page += "| `" + std::string(name) + "` | " + text + " |\n";
  }
  return page;
}

// Words that are no commands (values of options, file names) are passed over.
std::string bash_completion(const CLI::App& root) {
  return "# bash completion for lineshaft\n"
         "_lineshaft() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" here='' offers='' word\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \"${here:+$here }$word\" in\n"
         "    " +
         known_commands(root) +
         ") here=\"${here:+$here }$word\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$here\" in\n" +
         completion_cases(root) +
         "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$offers\" -- \"$current\")\n"
         "}\n"
         "complete -o default -F _lineshaft lineshaft\n";
}

std::string zsh_completion(const CLI::App& root) {
  return "#compdef lineshaft\n"
         "_lineshaft() {\n"
         "  local here='' offers='' word\n"
         "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
         "    case \"${here:+$here }$word\" in\n"
         "    " +
         known_commands(root) +
         ") here=\"${here:+$here }$word\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$here\" in\n" +
         completion_cases(root) +
         "  esac\n"
         "  compadd -- ${=offers}\n"
         "  _files\n"
         "}\n"
         "compdef _lineshaft lineshaft\n";
}

}  // namespace lineshaft::app
