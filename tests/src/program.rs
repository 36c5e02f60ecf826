//! The two programs, run as a user runs them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use crate::server::repository;

/// How a program ended and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ended {
    /// Expects an exit code; returns the ending for more.
    ///
    /// # Panics
    /// When it ended otherwise.
    #[track_caller]
    pub fn expect(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "unexpected end\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }
}

/// Expects words on standard error, or on standard output.
///
/// # Panics
/// When one is missing.
#[track_caller]
pub fn says(ended: &Ended, words: &[&str]) {
    for word in words {
        let said = ended.err.contains(word) || ended.out.contains(word);
        assert!(said, "\"{word}\" is not said:\n{}\n--- stdout\n{}", ended.err, ended.out);
    }
}

/// A command of the compiler, `pgseal`, ready for arguments. It has no environment but `PATH`, and no standard input.
pub fn compiler() -> Command {
    program("pgseal")
}

/// A command of the agent, `pgseal-agent`, ready for arguments. It has no environment but `PATH`, and no standard input.
pub fn agent() -> Command {
    program("pgseal-agent")
}

/// Runs a command to its end.
///
/// # Panics
/// When it cannot be started.
pub fn run(command: &mut Command) -> Ended {
    ended(&command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}")))
}

/// Waits until a program that was started has ended.
///
/// # Panics
/// When it cannot be waited for.
pub fn finish(child: Child) -> Ended {
    ended(&child.wait_with_output().expect("the program can be waited for"))
}

fn ended(output: &Output) -> Ended {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// Runs the compiler with arguments, in a folder.
pub fn run_compiler<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Ended {
    run(compiler().current_dir(folder).args(arguments))
}

/// Runs the agent with arguments, in a folder.
pub fn run_agent<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Ended {
    run(agent().current_dir(folder).args(arguments))
}

fn program(name: &str) -> Command {
    let mut command = Command::new(folder_of_programs().join(name));
    command.env_clear().stdin(Stdio::null());
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

/// The folder of the two programs, which are built first where they are not up to date: cargo builds the programs of a
/// package for that package's own tests only.
///
/// # Panics
/// When they do not build.
pub fn folder_of_programs() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // <target>/<profile>/deps/<this test>
        let test = std::env::current_exe().expect("the path of this test");
        let folder = test.ancestors().nth(2).expect("a test lies in the target folder").to_owned();
        let mut build = Command::new(env!("CARGO"));
        // of the whole workspace, as the tests are: with other features of what they share it would all be compiled once more
        build.args(["build", "--quiet", "--locked", "--workspace", "--bin", "pgseal", "--bin", "pgseal-agent"]);
        build.current_dir(repository());
        build.arg("--target-dir").arg(folder.parent().unwrap_or(&folder));
        if folder.ends_with("release") {
            build.arg("--release");
        }
        // what cargo says of this package: the build scripts of others look at these, and would have all built anew each time
        let of_this_package = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_this_package)) {
            build.env_remove(name);
        }
        let ended = run(build.stdin(Stdio::null()));
        assert_eq!(ended.code, Some(0), "the programs do not build:\n{}", ended.err);
        folder
    })
}
