//! The runs of the matrix: which fault, at which point of which plan. A case has a name that says all of that, so it can be run alone.

use std::collections::BTreeSet;
use std::fmt;

use super::Play;
use super::stage::Stage;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection is cut within a request.
    CutRequest,
    /// The connection is cut within an answer.
    CutAnswer,
    /// SIGKILL of the agent.
    KillAgent,
    /// An administrator ends the agent's sessions.
    EndSession,
    /// SIGKILL of the server's process of the session, which makes the server start anew.
    KillBackend,
    /// SIGKILL of the server.
    KillServer,
    /// Immediate shutdown of the server.
    StopServer,
    /// Another session holds a lock.
    Lock,
    /// The disk has no room for memory or receipt.
    DiskFull,
    /// Another session changes the schema.
    Ddl,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 10] = [
        Fault::CutRequest,
        Fault::CutAnswer,
        Fault::KillAgent,
        Fault::EndSession,
        Fault::KillBackend,
        Fault::KillServer,
        Fault::StopServer,
        Fault::Lock,
        Fault::DiskFull,
        Fault::Ddl,
    ];

    /// How it is called.
    pub fn word(self) -> &'static str {
        match self {
            Fault::CutRequest => "cut-request",
            Fault::CutAnswer => "cut-answer",
            Fault::KillAgent => "kill-agent",
            Fault::EndSession => "end-session",
            Fault::KillBackend => "kill-backend",
            Fault::KillServer => "kill-server",
            Fault::StopServer => "stop-server",
            Fault::Lock => "lock",
            Fault::DiskFull => "disk-full",
            Fault::Ddl => "ddl",
        }
    }

    /// Whether the server goes down, so that no other run may be on it.
    pub fn is_of_the_server(self) -> bool {
        matches!(self, Fault::KillBackend | Fault::KillServer | Fault::StopServer)
    }

    /// In how many ways it is done at a point.
    pub fn ways(self) -> usize {
        match self {
            // three bytes, with and without another connection
            Fault::CutRequest | Fault::CutAnswer => 6,
            // before and after
            Fault::KillAgent => 2,
            // and with and without another connection
            Fault::EndSession | Fault::KillBackend | Fault::KillServer | Fault::StopServer => 4,
            // five locks, three endings
            Fault::Lock => 15,
            Fault::DiskFull => 2,
            Fault::Ddl => super::stranger::DDL.len(),
        }
    }

    /// At how many points of each plan it is run on each major, in the long form.
    fn points(self, play: Play) -> usize {
        match (self, play) {
            (Fault::CutRequest | Fault::CutAnswer, _) => 8,
            (Fault::KillAgent, _) => 6,
            (Fault::EndSession, _) => 5,
            (Fault::KillBackend | Fault::KillServer | Fault::StopServer, Play::Outside | Play::Phases) => 3,
            (Fault::KillBackend | Fault::KillServer | Fault::StopServer, Play::One | Play::Unledgered) => 0,
            (Fault::Lock, _) => 7,
            (Fault::DiskFull, _) => 4,
            (Fault::Ddl, Play::One | Play::Outside) => 12,
            (Fault::Ddl, Play::Phases | Play::Unledgered) => 8,
        }
    }
}

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// On which major.
    pub major: u16,
    /// What is applied.
    pub play: Play,
    /// What goes wrong.
    pub fault: Fault,
    /// At which request of the run, from 1; what is full, for a disk.
    pub point: usize,
    /// In which way.
    pub way: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}/{}.{}", self.fault.word(), self.play.word(), self.point, self.way)
    }
}

impl Case {
    /// The case of that name on a major.
    pub fn parse(name: &str, major: u16) -> Option<Case> {
        let mut words = name.split('/');
        let (fault, play, place) = (words.next()?, words.next()?, words.next()?);
        let (point, way) = place.split_once('.')?;
        Some(Case {
            major,
            play: Play::ALL.into_iter().find(|known| known.word() == play)?,
            fault: Fault::ALL.into_iter().find(|known| known.word() == fault)?,
            point: point.parse().ok().filter(|point| *point > 0)?,
            way: way.parse().ok()?,
        })
    }
}

/// The cases of a plan on a major: `whole` as many as the long form has, or a few. `seed` moves the points along.
pub fn cases(stage: &Stage<'_>, wanted: impl Fn(Fault) -> bool, whole: bool, seed: usize) -> Vec<Case> {
    let (major, play) = (stage.server().major(), stage.play);
    let mut all = Vec::new();
    for (number, fault) in Fault::ALL.into_iter().enumerate().filter(|(_, fault)| wanted(*fault)) {
        let many = match (fault.points(play), whole) {
            (many, true) => many,
            (0, false) => 0,
            (_, false) if fault.is_of_the_server() => 1,
            (_, false) if fault == Fault::Ddl => 2,
            (_, false) => 1,
        };
        // majors and faults complement each other
        let shift = usize::from(major) * 5 + number * 3 + seed;
        let points = match fault {
            Fault::DiskFull if whole => (1..=many).collect(),
            Fault::DiskFull => vec![shift % fault.points(play) + 1],
            _ => points(stage, many, shift, !matches!(fault, Fault::Lock | Fault::Ddl)),
        };
        // a way for each, so that neighbours differ
        all.extend(points.into_iter().enumerate().map(|(count, point)| Case {
            major,
            play,
            fault,
            point,
            way: (count + shift) % fault.ways(),
        }));
    }
    all
}

/// So many requests of a run, and perhaps a COMMIT: two of three from those of the phases themselves, the others from those that read the catalog.
fn points(stage: &Stage<'_>, many: usize, shift: usize, commit: bool) -> Vec<usize> {
    let (reading, acting): (Vec<usize>, Vec<usize>) =
        (1..=stage.exchanges.len()).partition(|point| stage.is_of_a_capture(*point));
    let mut picked = BTreeSet::new();
    if commit {
        // whether it was done is what an agent cannot know
        let is_commit = |point: &&usize| stage.exchanges[**point - 1].sql == "COMMIT";
        let commits: Vec<usize> = acting.iter().filter(is_commit).copied().collect();
        picked.insert(commits[shift % commits.len()]);
    }
    for (from, share) in [(&acting, many - many / 3), (&reading, many / 3)] {
        picked.extend((0..share).map(|number| from[(number * from.len() / share + shift) % from.len()]));
    }
    picked.into_iter().collect()
}
