//! What the program says while it works: diagnostics and notes on standard error, in colour on a terminal.

use std::io::{IsTerminal as _, Write as _};

use clap::ValueEnum;

use crate::diagnostic::render::{Colour, render_all};
use crate::diagnostic::{Diagnostics, Severity, Sources, json};
use pgseal_catalog::{Exit, Failure};

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColourChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How diagnostics are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum MessageFormat {
    /// With the source line and a caret
    #[default]
    Human,
    /// As a JSON array
    Json,
}

/// Where the program prints and how.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    colour: ColourChoice,
    messages: MessageFormat,
}

impl Terminal {
    /// A terminal with the user's choices.
    #[must_use]
    pub fn new(colour: ColourChoice, messages: MessageFormat) -> Terminal {
        Terminal { colour, messages }
    }

    /// Whether to colour standard output.
    #[must_use]
    pub fn output_colour(&self) -> Colour {
        self.colour_on(std::io::stdout().is_terminal())
    }

    fn colour_on(&self, is_terminal: bool) -> Colour {
        let wanted = match self.colour {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        if wanted { Colour::Always } else { Colour::Never }
    }

    /// Prints diagnostics to standard error.
    ///
    /// # Errors
    ///
    /// When there is an error among them: the input is invalid.
    pub fn say(&self, diagnostics: &Diagnostics, sources: &Sources) -> Result<(), Failure> {
        let colour = self.colour_on(std::io::stderr().is_terminal());
        let text = match self.messages {
            MessageFormat::Human => render_all(diagnostics, sources, colour),
            MessageFormat::Json => json::to_json(diagnostics, sources)
                .map(|text| format!("{text}\n"))
                .map_err(|error| Failure::from_error(Exit::Environment, &error))?,
        };
        if !diagnostics.is_empty() {
            // with standard error gone there is nobody to tell
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
        match diagnostics.count(Severity::Error) {
            0 => Ok(()),
            1 => Err(Failure::new(Exit::InvalidInput, "the schema has 1 error")),
            n => Err(Failure::new(Exit::InvalidInput, format!("the schema has {n} errors"))),
        }
    }
}
