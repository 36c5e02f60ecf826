//! The fault matrix: every kind of fault at points all along plans of several shapes, and what must hold after each.
//!
//! | file | owns |
//! |---|---|
//! | `plays` | the plans |
//! | `stage` | a plan on a server, and a run of it |
//! | `cases` | which fault at which point |
//! | `strike` | the faults themselves |
//! | `stranger` | DDL of others |
//! | `judge` | what must hold afterwards |
//! | `counts` | how many runs there were |

mod cases;
mod counts;
mod judge;
mod plays;
mod stage;
mod stranger;
mod strike;

pub use cases::{Case, Fault, cases};
pub use counts::Counts;
pub use plays::Play;
pub use stage::Stage;
pub use strike::strike;
