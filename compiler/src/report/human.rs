//! The plan on a terminal: per phase, grouped by object, with locks, hazards and sizes, and one line that sums it up.
//!
//! Steps carry their number in the order of execution; within a phase they are shown by object, which is how a reviewer
//! thinks, in the order in which the objects are first touched.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use pgseal_catalog::plan::{Cost, Hazard, HazardKind, Lock, LockMode, Phase, Step};
use pgseal_catalog::{FactId, Plan};

use super::quantity::{count, duration, grouped, size};
use super::{one_line, visible};
use crate::diagnostic::render::Colour;

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Created,
    Changed,
    Replaced,
    Dropped,
}

impl Fate {
    fn mark(self) -> &'static str {
        match self {
            Fate::Created => "+",
            Fate::Changed => "~",
            Fate::Replaced => "±",
            Fate::Dropped => "-",
        }
    }

    fn style(self) -> Style {
        let colour = match self {
            Fate::Created => AnsiColor::Green,
            Fate::Changed => AnsiColor::Yellow,
            Fate::Replaced => AnsiColor::Magenta,
            Fate::Dropped => AnsiColor::Red,
        };
        Style::new().bold().fg_color(Some(colour.into()))
    }

    fn of(object: &FactId, steps: &[(usize, &Step)]) -> Fate {
        let created = steps.iter().any(|(_, step)| step.creates.contains(object));
        let dropped = steps.iter().any(|(_, step)| step.destroys.contains(object));
        match (created, dropped) {
            (true, true) => Fate::Replaced,
            (true, false) => Fate::Created,
            (false, true) => Fate::Dropped,
            (false, false) => Fate::Changed,
        }
    }
}

/// The steps of a phase on one object, with their numbers.
struct Group<'a> {
    object: Option<FactId>,
    steps: Vec<(usize, &'a Step)>,
}

impl Group<'_> {
    fn fate(&self) -> Fate {
        self.object.as_ref().map_or(Fate::Changed, |object| Fate::of(object, &self.steps))
    }
}

/// Writes the whole report, ending in a line feed.
#[must_use]
pub fn render(plan: &Plan, colour: Colour) -> String {
    let mut page = Page { out: String::new(), colour };
    page.head(plan);
    let phases: Vec<Vec<Group<'_>>> = group(plan);
    for (index, (phase, groups)) in plan.phases.iter().zip(&phases).enumerate() {
        page.phase(index + 1, plan.phases.len(), phase);
        for group in groups {
            page.group(group);
        }
    }
    for note in &plan.notes {
        let label = page.paint(Style::new().fg_color(Some(AnsiColor::Cyan.into())), "note:");
        page.line(&format!("{label} {}", one_line(note)));
    }
    if !plan.notes.is_empty() {
        page.line("");
    }
    let summary = page.paint(Style::new().bold(), &summary(plan));
    page.line(&summary);
    page.out
}

/// The one line that sums a plan up.
#[must_use]
pub fn summary(plan: &Plan) -> String {
    let steps: usize = plan.phases.iter().map(|phase| phase.steps.len()).sum();
    if steps == 0 {
        return "No changes: the database is what the schema says.".to_owned();
    }
    // an object may be touched in several phases: it counts once, by what happens to it over all
    let groups = group(plan);
    let objects: BTreeSet<&FactId> = groups.iter().flatten().filter_map(|group| group.object.as_ref()).collect();
    let all: Vec<(usize, &Step)> = plan.phases.iter().flat_map(|phase| &phase.steps).enumerate().collect();
    let fates: Vec<Fate> = objects.iter().map(|object| Fate::of(object, &all)).collect();
    let number = |fate: Fate| grouped(fates.iter().filter(|found| **found == fate).count() as u64);
    let mut line = format!(
        "{} to create, {} to change, {} to replace, {} to drop; {} in {}",
        number(Fate::Created),
        number(Fate::Changed),
        number(Fate::Replaced),
        number(Fate::Dropped),
        count(steps, "step"),
        count(plan.phases.len(), "phase"),
    );
    if plan.hazards.is_empty() {
        line.push_str("; no hazards.");
    } else {
        let words: Vec<&str> = plan.hazards.iter().map(|hazard| hazard.word()).collect();
        let _ = write!(line, "; hazards: {}.", words.join(", "));
    }
    line
}

fn group(plan: &Plan) -> Vec<Vec<Group<'_>>> {
    let mut phases = Vec::new();
    for phase in &plan.phases {
        let mut groups: Vec<Group<'_>> = Vec::new();
        // as the agent counts them: in each phase anew
        for (number, step) in (1..).zip(&phase.steps) {
            let object = object_of(step);
            match groups.iter_mut().find(|group| group.object == object) {
                Some(group) => group.steps.push((number, step)),
                None => groups.push(Group { object, steps: vec![(number, step)] }),
            }
        }
        phases.push(groups);
    }
    phases
}

/// The object that a step is about: one that it creates or destroys as a whole, else the one it changes.
fn object_of(step: &Step) -> Option<FactId> {
    // indexes come and go with what they are on
    let whole = |ids: &BTreeSet<FactId>| {
        let objects = || ids.iter().filter(|id| id.object() == **id);
        objects().find(|id| !matches!(id, FactId::Index(_))).or_else(|| objects().next()).cloned()
    };
    let any = |ids: &BTreeSet<FactId>| ids.iter().next().map(FactId::object);
    whole(&step.creates)
        .or_else(|| whole(&step.destroys))
        .or_else(|| any(&step.alters))
        .or_else(|| any(&step.creates))
        .or_else(|| any(&step.destroys))
}

struct Page {
    out: String,
    colour: Colour,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn paint(&self, style: Style, text: &str) -> String {
        match self.colour {
            Colour::Never => text.to_owned(),
            Colour::Always => format!("{style}{text}{style:#}"),
        }
    }

    fn dim(&self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    fn head(&mut self, plan: &Plan) {
        let title = format!("Plan for PostgreSQL {}", plan.server_major);
        let title = self.paint(Style::new().bold(), &title);
        self.line(&title);
        let short = |digest: &dyn std::fmt::Display| digest.to_string().chars().take(16).collect::<String>();
        let from_to = format!("from {} to {}", short(&plan.source.fingerprint), short(&plan.target));
        let from_to = self.dim(&from_to);
        self.line(&from_to);
        for line in binding(plan) {
            self.line(&line);
        }
        let waits = self.dim(&waits(plan));
        self.line(&waits);
        self.line("");
    }

    fn phase(&mut self, number: usize, of: usize, phase: &Phase) {
        let how = if phase.transaction { "one transaction" } else { "outside of a transaction" };
        let title = format!("Phase {number} of {of}: {how}, {}", count(phase.steps.len(), "step"));
        let title = self.paint(Style::new().bold().underline(), &title);
        self.line(&title);
        self.line("");
    }

    fn group(&mut self, group: &Group<'_>) {
        let fate = group.fate();
        let name = group.object.as_ref().map_or("database".to_owned(), FactId::in_words);
        let title = self.paint(fate.style(), &format!("{} {}", fate.mark(), one_line(&name)));
        self.line(&format!("  {title}"));
        for (number, step) in &group.steps {
            self.step(*number, step);
        }
        self.line("");
    }

    fn step(&mut self, number: usize, step: &Step) {
        let label = format!("{number}.");
        let indent = label.len().max(3) + 1;
        let text = visible(&step.sql);
        for (index, line) in text.lines().enumerate() {
            let lead = if index == 0 { self.dim(&format!("{label:<indent$}")) } else { " ".repeat(indent) };
            let end = if index + 1 == text.lines().count() { ";" } else { "" };
            self.line(&format!("    {lead}{line}{end}"));
        }
        let margin = " ".repeat(4 + indent);
        for lock in step.locks.iter().filter(|lock| lock.mode >= LockMode::ShareUpdateExclusive) {
            let text = self.dim(&lock_line(lock));
            self.line(&format!("{margin}{text}"));
        }
        match step.cost {
            Cost::Instant => {}
            Cost::Scan => {
                let text = self.dim("reads a whole table");
                self.line(&format!("{margin}{text}"));
            }
            Cost::Rewrite => {
                let text = self.dim("writes a whole table or index");
                self.line(&format!("{margin}{text}"));
            }
        }
        for hazard in &step.hazards {
            let text = self.paint(hazard_style(hazard.kind), &hazard_line(hazard));
            self.line(&format!("{margin}{text}"));
        }
    }
}

fn lock_line(lock: &Lock) -> String {
    let waiting = match lock.mode {
        LockMode::AccessExclusive => "reads and writes wait",
        LockMode::Exclusive | LockMode::ShareRowExclusive | LockMode::Share => "writes wait",
        LockMode::ShareUpdateExclusive => "only other schema changes wait",
        LockMode::RowExclusive | LockMode::RowShare | LockMode::AccessShare => "nobody waits",
    };
    format!("locks {} {}: {waiting}", one_line(&lock.relation.to_string()), lock.mode.sql())
}

fn hazard_line(hazard: &Hazard) -> String {
    let mut line = format!("! {}", hazard.kind.word());
    if !hazard.detail.is_empty() {
        let _ = write!(line, ": {}", one_line(&hazard.detail));
    }
    // what the server has never counted it takes for empty
    if let (Some(-1), Some(0)) = (hazard.rows, hazard.bytes) {
        line.push_str(" (size not known: never analyzed)");
        return line;
    }
    let known = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
    let sizes: Vec<String> =
        [known(hazard.rows).map(|rows| format!("about {} rows", grouped(rows))), known(hazard.bytes).map(size)]
            .into_iter()
            .flatten()
            .collect();
    if !sizes.is_empty() {
        let _ = write!(line, " ({})", sizes.join(", "));
    }
    line
}

fn hazard_style(kind: HazardKind) -> Style {
    let colour = match kind {
        HazardKind::DataLoss => AnsiColor::Red,
        HazardKind::TableRewrite | HazardKind::BlocksReads => AnsiColor::Magenta,
        HazardKind::FullScan | HazardKind::BlocksWrites => AnsiColor::Yellow,
    };
    Style::new().bold().fg_color(Some(colour.into()))
}

/// Where and when a plan may be applied, as its author said it, a line each.
pub fn binding(plan: &Plan) -> Vec<String> {
    let binding = &plan.binding;
    let mut lines = Vec::new();
    let targets: Vec<String> = binding.targets.iter().map(|target| one_line(target)).collect();
    if !targets.is_empty() {
        lines.push(format!("for target {}", targets.join(", ")));
    }
    if let Some(database) = &binding.database {
        lines.push(format!("for database {}", one_line(database)));
    }
    if let Some(identifier) = &binding.system_identifier {
        lines.push(format!("for the server with system identifier {}", one_line(identifier)));
    }
    let written = |time: i64| u64::try_from(time).map_or_else(|_| time.to_string(), pgseal_keys::moment::written);
    if let Some(start) = binding.not_before {
        lines.push(format!("valid from {}", written(start)));
    }
    if let Some(end) = binding.expires {
        lines.push(format!("expires at {}", written(end)));
    }
    if let Some(sequence) = binding.sequence {
        lines.push(format!("number {sequence} among the plans of its targets"));
    }
    if binding.reusable {
        lines.push("may be applied more than once to the same database".to_owned());
    }
    lines
}

/// How long a plan's statements wait and run.
pub fn waits(plan: &Plan) -> String {
    let timeouts = plan.timeouts;
    format!(
        "lock timeout {} ({}), statement timeout {}",
        duration(timeouts.lock_ms),
        match timeouts.lock_retries {
            0 => "not tried again".to_owned(),
            n => format!("tried again {}", count(n as usize, "time")),
        },
        duration(timeouts.statement_ms)
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::sample;
    use super::*;

    #[test]
    fn the_report_groups_by_object_and_sums_up() {
        let text = render(&sample::plan(), Colour::Never);
        let expected = "\
Plan for PostgreSQL 17
from 0000000000000000 to 2222222222222222
for target production
lock timeout 5 s (tried again 3 times), statement timeout none

Phase 1 of 2: one transaction, 3 steps

  + table app.orders
    1.  CREATE TABLE app.orders (
            id integer
        );
    3.  COMMENT ON TABLE app.orders IS 'x';

  ~ table app.users
    2.  ALTER TABLE app.users DROP COLUMN old;
        locks app.users ACCESS EXCLUSIVE: reads and writes wait
        writes a whole table or index
        ! data-loss: column \"old\" goes (about 1,200,000 rows, 340 MB)

Phase 2 of 2: outside of a transaction, 1 step

  - index app.i
    1.  DROP INDEX CONCURRENTLY app.i;

note: column order differs

1 to create, 1 to change, 0 to replace, 1 to drop; 4 steps in 2 phases; hazards: data-loss.
";
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_to_do_is_said() {
        let mut plan = sample::plan();
        plan.phases.clear();
        plan.hazards.clear();
        assert!(render(&plan, Colour::Never).ends_with("No changes: the database is what the schema says.\n"));
    }

    #[test]
    fn a_statement_cannot_drive_the_terminal() {
        let mut plan = sample::plan();
        plan.phases[0].steps[0].sql = "SELECT '\u{1b}[2J\u{202e}'\r\n, 1".to_owned();
        plan.notes.push("a\u{1b}]0;x\u{7}".to_owned());
        let text = render(&plan, Colour::Never);
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r', '\u{7}']));
        assert!(render(&plan, Colour::Always).contains("\u{1b}["));
    }
}
