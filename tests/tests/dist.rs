//! What goes along with the programs is whole: a man page and completions for each command, bills of materials that say what the
//! programs are made of, and files for systemd, containers and Kubernetes that name only what there is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap_complete::Shell;
use pgseal_tests::dist::{PROGRAMS, completions, crates_of, definition, write};
use pgseal_tests::program::{folder_of_programs, run, run_agent, run_compiler};
use pgseal_tests::server::repository;
use serde_json::Value;

/// Every command of a program, `pgseal trust init` as `pgseal-trust-init`, with what it is.
fn commands(program: &str) -> Vec<(String, clap::Command)> {
    fn below(name: String, command: &clap::Command, found: &mut Vec<(String, clap::Command)>) {
        for inner in command.get_subcommands() {
            below(format!("{name}-{}", inner.get_name()), inner, found);
        }
        found.push((name, command.clone()));
    }
    let mut found = Vec::new();
    below(program.to_owned(), &definition(program), &mut found);
    found
}

fn options(command: &clap::Command) -> Vec<String> {
    command.get_arguments().filter_map(clap::Arg::get_long).map(|long| format!("--{long}")).collect()
}

#[test]
fn every_command_has_a_man_page_and_completions() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path()).unwrap();
    let mut pages = 0;
    for program in PROGRAMS {
        let completions: Vec<String> = [format!("{program}.bash"), format!("_{program}"), format!("{program}.fish")]
            .iter()
            .map(|name| fs::read_to_string(folder.path().join("completions").join(name)).unwrap())
            .collect();
        for (name, command) in commands(program) {
            let page = fs::read_to_string(folder.path().join("man").join(format!("{name}.1"))).unwrap();
            pages += 1;
            // troff writes hyphens with a backslash
            let page = page.replace("\\-", "-");
            assert!(page.contains(".TH"), "{name}");
            for option in options(&command) {
                assert!(page.contains(&option), "the man page of {name} has no {option}");
                for script in &completions {
                    let long = option.trim_start_matches('-');
                    assert!(script.contains(long), "completions of {program} do not know {option} of {name}");
                }
            }
            for script in &completions {
                assert!(script.contains(command.get_name()), "completions of {program} do not know {name}");
            }
        }
        // the programs print the same themselves
        let arguments = ["completions", "bash"];
        let here = Path::new(".");
        let own = if program == "pgseal" { run_compiler(here, arguments) } else { run_agent(here, arguments) };
        assert_eq!(own.expect(0).out, completions[0]);
    }
    assert_eq!(fs::read_dir(folder.path().join("man")).unwrap().count(), pages, "a man page of no command");
}

/// A shell asks for what comes behind each command, and is told the command's own options.
#[test]
fn bash_completes_the_options_of_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for program in PROGRAMS {
        let script = folder.path().join(program);
        fs::write(&script, completions(program, Shell::Bash)).unwrap();
        let mut asked = ". \"$1\"\n".to_owned();
        let mut expected = String::new();
        for (name, command) in commands(program) {
            let below = name.strip_prefix(program).unwrap();
            let mut words: Vec<&str> = vec![program];
            words.extend(below.split('-').filter(|word| !word.is_empty()));
            for option in options(&command) {
                let (all, at, before) = (words.join(" "), words.len(), words.last().unwrap());
                let part = &option[..option.len() - 1];
                asked.push_str(&format!(
                    "COMP_WORDS=({all} {part}); COMP_CWORD={at}\n_{} {program} {part} {before}\n\
                     for word in \"${{COMPREPLY[@]}}\"; do [ \"$word\" = {option} ] && echo \"{all} {option}\"; done\n",
                    program.replace('-', "__")
                ));
                expected.push_str(&format!("{all} {option}\n"));
            }
        }
        asked.push_str("true\n");
        let ended = run(Command::new("bash").args(["--norc", "-c", &asked, "bash"]).arg(&script)).expect(0);
        assert_eq!(ended.out, expected, "{}", ended.err);
        assert!(expected.lines().count() > 30, "{expected}");
    }
}

/// Who reads the log as JSON is told of wrong usage so too.
#[test]
fn wrong_usage_is_told_to_programs() {
    for arguments in [
        &["apply", "--log-format", "json"][..],
        &["--log-format=json", "capture", "--ou", "x"],
        &["drift", "--log-format", "json", "--plan", "x", "--snapshot", "y"],
    ] {
        let ended = run_agent(Path::new("."), arguments).expect(2);
        let line: Value = serde_json::from_str(&ended.err).unwrap();
        assert_eq!((&line["event"], &line["exit_code"]), (&"error".into(), &2.into()), "{line}");
        let message = line["message"].as_str().unwrap();
        assert!(message.contains("--") && !message.contains("Usage") && !message.starts_with("error"), "{line}");
    }
    let ended = run_agent(Path::new("."), ["--log-format", "xml", "capture"]).expect(2);
    assert!(ended.err.starts_with("error: "), "{}", ended.err);
    assert!(run_agent(Path::new("."), ["capture", "--log-format", "json", "--help"]).expect(0).out.contains("Usage"));
}

#[test]
fn the_bills_of_materials_are_what_the_programs_are_made_of() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path()).unwrap();
    for program in PROGRAMS {
        let bill: Value =
            serde_json::from_slice(&fs::read(folder.path().join(format!("{program}.cdx.json"))).unwrap()).unwrap();
        assert_eq!((bill["bomFormat"].as_str(), bill["specVersion"].as_str()), (Some("CycloneDX"), Some("1.5")));
        assert_eq!(bill["metadata"]["component"]["name"], program);
        let components = bill["components"].as_array().unwrap();
        let required: BTreeSet<(String, String)> = components
            .iter()
            .filter(|component| component["scope"] == "required")
            .map(|component| {
                let text = |field: &str| component[field].as_str().unwrap().to_owned();
                (text("name"), text("version"))
            })
            .collect();
        let mut made_of = crates_of(program, "normal,no-proc-macro");
        made_of.retain(|(name, _)| name != program);
        assert_eq!(required, made_of, "{program}");
        let references: BTreeSet<&str> = components
            .iter()
            .chain([&bill["metadata"]["component"]])
            .map(|one| one["bom-ref"].as_str().unwrap())
            .collect();
        for component in components {
            let is_ours = component["name"].as_str().unwrap().starts_with("pgseal");
            let hash = component["hashes"][0]["content"].as_str().unwrap_or_default();
            assert!(is_ours || hash.len() == 64, "{component}");
            assert!(
                component["licenses"][0]["expression"].as_str().is_some_and(|text| text != "NOASSERTION"),
                "{component}"
            );
        }
        for dependency in bill["dependencies"].as_array().unwrap() {
            let ends = dependency["dependsOn"].as_array().unwrap().iter().chain([&dependency["ref"]]);
            for end in ends {
                assert!(references.contains(end.as_str().unwrap()), "{end} is no component");
            }
        }
    }
}

/// The files under `agent/packaging`, and AGENT.md.
fn packaging() -> Vec<PathBuf> {
    let mut found = vec![repository().join("AGENT.md")];
    let mut open = vec![repository().join("agent/packaging")];
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found
}

#[test]
fn what_is_installed_names_only_options_that_there_are() {
    let known: BTreeSet<String> = PROGRAMS
        .into_iter()
        .flat_map(commands)
        .flat_map(|(_, command)| options(&command))
        .chain(["--help", "--version"].map(str::to_owned))
        .collect();
    // of other programs that are named there
    let others = [
        "--cap-drop",
        "--create",
        "--from-file",
        "--ignore-missing",
        "--network",
        "--now",
        "--read-only",
        "--rm",
        "--userns",
    ];
    let mut seen = 0;
    for path in packaging() {
        let text = fs::read_to_string(&path).unwrap();
        for (at, _) in text.match_indices("--").filter(|(at, _)| *at == 0 || !text[..*at].ends_with(['-', '\\'])) {
            let word: String = text[at + 2..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            if word.is_empty() || word.starts_with('-') {
                continue;
            }
            let option = format!("--{}", word.trim_end_matches('-'));
            seen += 1;
            assert!(
                known.contains(&option) || others.contains(&option.as_str()),
                "{} names {option}, which there is not",
                path.display()
            );
        }
    }
    assert!(seen > 20, "only {seen} options were found");
}

#[test]
fn every_exit_code_has_its_advice() {
    let text = fs::read_to_string(repository().join("AGENT.md")).unwrap();
    for code in (0..=8).chain([10]) {
        assert!(text.contains(&format!("| {code} |")), "AGENT.md does not say what to do about exit code {code}");
    }
}

/// The units pass systemd's own check, and the sandbox is tight; where there is systemd.
#[test]
fn systemd_takes_the_units() {
    let units = repository().join("agent/packaging/systemd");
    let service = fs::read_to_string(units.join("pgseal-agent@.service")).unwrap();
    let agent = folder_of_programs().join("pgseal-agent");
    // codes that do not pass by themselves are not tried again, here and in Kubernetes
    assert!(service.contains("RestartPreventExitStatus=2 3 4 5 6 9 10\n"));
    let job = fs::read_to_string(repository().join("agent/packaging/kubernetes/job.yaml")).unwrap();
    assert!(job.contains("values: [2, 3, 4, 5, 6, 9, 10]\n"));
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("there is no systemd-analyze: the units are not checked");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let service = service.replace("/usr/local/bin/pgseal-agent", &agent.display().to_string());
    let named = folder.path().join("pgseal-agent@shop.service");
    fs::write(&named, service).unwrap();
    let path = folder.path().join("pgseal-agent@shop.path");
    fs::copy(units.join("pgseal-agent@.path"), &path).unwrap();
    let inbox = folder.path().join("pgseal-inbox@shop.service");
    fs::copy(units.join("pgseal-inbox@.service"), &inbox).unwrap();
    let mut verify = Command::new("systemd-analyze");
    let ended = run(verify.args(["verify", "--man=no"]).args([&named, &path, &inbox]));
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", ended.out);
    let mut security = Command::new("systemd-analyze");
    let ended = run(security.args(["security", "--offline=true", "--threshold=20"]).arg(&named));
    assert_eq!(ended.code, Some(0), "the sandbox is not tight:\n{}{}", ended.out, ended.err);
}
