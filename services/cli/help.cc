#include "services/cli/help.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "services/version.h"

namespace services::cli {
namespace {

std::string Left(const Option& option) {
  return option.value == nullptr ? absl::StrCat("--", option.name)
                                 : absl::StrCat("--", option.name, " ", option.value);
}

void AppendOptions(std::span<const Option> options, std::string& text) {
  for (const Option& option : options) {
    absl::StrAppendFormat(&text, "  %-28s %s\n", Left(option), option.help);
  }
}

std::string Wrapped(const std::string& text) {
  std::string result;
  size_t column = 0;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    if (column + word.size() > 76) {
      result += '\n';
      column = 0;
    }
    absl::StrAppend(&result, column == 0 ? "" : " ", word);
    column += word.size() + 1;
  }
  return result;
}

std::string VerbNames() {
  std::string names;
  for (const Verb& verb : Verbs()) absl::StrAppend(&names, verb.name, " ");
  return names + "help completion";
}

// Options of each verb as a shell's case.
std::string OptionCases(const char* format) {
  std::string cases;
  for (const Verb& verb : Verbs()) {
    std::string options;
    for (const Option& option : verb.options) absl::StrAppend(&options, "--", option.name, " ");
    for (const Option& option : SharedOptions()) absl::StrAppend(&options, "--", option.name, " ");
    absl::StrAppend(&cases, absl::StrReplaceAll(format, {{"VERB", verb.name}, {"WORDS", options}}));
  }
  return cases;
}

std::string MachineVerbs(const char* separator) {
  std::string names;
  for (const Verb& verb : Verbs()) {
    if (verb.completes_machines) absl::StrAppend(&names, names.empty() ? "" : separator, verb.name);
  }
  return names;
}

std::string Troff(absl::string_view text) {
  std::string escaped = absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}, {"'", "\\(aq"}});
  if (!escaped.empty() && escaped.front() == '.') escaped = "\\&" + escaped;
  return escaped;
}

void AppendTroffOptions(std::span<const Option> options, std::string& page) {
  for (const Option& option : options) {
    absl::StrAppend(&page, ".TP\n.B ", Troff(Left(option)), "\n", Troff(option.help), "\n");
  }
}

}  // namespace

std::string Overview() {
  std::string text =
      "ucctl: s390x virtual machines of a ucontrold\n\nusage: ucctl VERB [OPTIONS] ...\n\n";
  for (const Verb& verb : Verbs()) {
    absl::StrAppendFormat(&text, "  %-10s %s\n", verb.name, verb.summary);
  }
  absl::StrAppend(&text, "  help       explains a verb, with an example: ucctl help run\n",
                  "  completion prints a script for bash, zsh or fish\n\nOptions of every verb:\n");
  AppendOptions(SharedOptions(), text);
  return text;
}

std::string HelpFor(const Verb& verb) {
  std::string text = absl::StrCat("ucctl ", verb.name, verb.words[0] == '\0' ? "" : " ", verb.words,
                                  ": ", verb.summary, "\n");
  if (verb.description[0] != '\0') absl::StrAppend(&text, "\n", Wrapped(verb.description), "\n");
  if (!verb.options.empty()) {
    text += "\nOptions:\n";
    AppendOptions(verb.options, text);
  }
  text += "\nExample:\n";
  for (const absl::string_view line : absl::StrSplit(verb.example, '\n')) {
    absl::StrAppend(&text, "  ", line, "\n");
  }
  return text + "\n'ucctl help' lists the options of every verb.\n";
}

absl::StatusOr<std::string> CompletionScript(const std::string& shell) {
  if (shell == "bash") {
    return absl::StrCat(
        "_ucctl() {\n"
        "  local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} words=\n"
        "  if [ \"$COMP_CWORD\" = 1 ]; then words='",
        VerbNames(),
        "'\n"
        "  elif [[ $word == -* ]]; then case $verb in\n",
        OptionCases("    VERB) words='WORDS' ;;\n"),
        "    esac\n"
        "  else case $verb in\n    ",
        MachineVerbs("|"),
        ") words=$(ucctl ls -o name 2>/dev/null) ;;\n"
        "    help) words='",
        VerbNames(),
        "' ;;\n"
        "    completion) words='bash zsh fish' ;;\n"
        "    *) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
        "    esac\n"
        "  fi\n"
        "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
        "}\n"
        "complete -F _ucctl ucctl\n");
  }
  if (shell == "zsh") {
    return absl::StrCat(
        "#compdef ucctl\n"
        "_ucctl() {\n"
        "  if (( CURRENT == 2 )); then compadd ",
        VerbNames(),
        "; return; fi\n"
        "  if [[ ${words[CURRENT]} == -* ]]; then case ${words[2]} in\n",
        OptionCases("    VERB) compadd -- WORDS ;;\n"),
        "    esac; return\n"
        "  fi\n"
        "  case ${words[2]} in\n    ",
        MachineVerbs("|"),
        ") compadd -- ${(f)\"$(ucctl ls -o name 2>/dev/null)\"} ;;\n"
        "    help) compadd ",
        VerbNames(),
        " ;;\n"
        "    completion) compadd bash zsh fish ;;\n"
        "    *) _files ;;\n"
        "  esac\n"
        "}\n"
        "compdef _ucctl ucctl\n");
  }
  if (shell == "fish") {
    std::string script = "complete -c ucctl -f\n";
    for (const Verb& verb : Verbs()) {
      absl::StrAppend(&script, "complete -c ucctl -n __fish_use_subcommand -a ", verb.name, " -d '",
                      absl::StrReplaceAll(verb.summary, {{"'", "\\'"}}), "'\n");
      for (const Option& option : verb.options) {
        absl::StrAppend(&script, "complete -c ucctl -n '__fish_seen_subcommand_from ", verb.name,
                        "' -l ", option.name, option.value == nullptr ? "" : " -r -F", "\n");
      }
    }
    absl::StrAppend(&script, "complete -c ucctl -n '__fish_seen_subcommand_from ",
                    MachineVerbs(" "), "' -a '(ucctl ls -o name 2>/dev/null)'\n");
    return script;
  }
  return absl::InvalidArgumentError("completion is for bash, zsh or fish");
}

std::string ManualPage() {
  std::string page = absl::StrCat(".TH UCCTL 1 \"\" \"ucontrol ", kVersion, "\"\n",
                                  ".SH NAME\nucctl \\- s390x virtual machines of a ucontrold\n",
                                  ".SH SYNOPSIS\n.B ucctl\n.I VERB\n[\\fIOPTIONS\\fR] ...\n",
                                  ".SH DESCRIPTION\nCreates, runs and watches machines of the "
                                  "daemon\n.BR ucontrold (8),\nover a unix socket or TLS.\n",
                                  ".SH OPTIONS\n");
  AppendTroffOptions(SharedOptions(), page);
  page += ".SH VERBS\n";
  for (const Verb& verb : Verbs()) {
    absl::StrAppend(&page, ".SS ucctl ", Troff(verb.name), " ", Troff(verb.words), "\n",
                    Troff(verb.summary), ".\n");
    if (verb.description[0] != '\0') {
      absl::StrAppend(&page, ".PP\n", Troff(verb.description), "\n");
    }
    AppendTroffOptions(verb.options, page);
    absl::StrAppend(&page, ".PP\nExample:\n.PP\n.nf\n");
    for (const absl::string_view line : absl::StrSplit(verb.example, '\n')) {
      absl::StrAppend(&page, Troff(line), "\n");
    }
    page += ".fi\n";
  }
  absl::StrAppend(&page,
                  ".SH EXIT STATUS\n.TP\n.B 0\nIt is done.\n.TP\n.B 1\nThe daemon refused it.\n",
                  ".TP\n.B 2\nThe words aren't understood.\n.TP\n.B 125\nucctl run: there is no "
                  "guest whose status it could be; any other is the guest's own.\n",
                  ".SH SEE ALSO\n.BR ucontrold (8)\n");
  return page;
}

}  // namespace services::cli
