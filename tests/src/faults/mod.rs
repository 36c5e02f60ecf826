//! What the fault tests stand on: plans made from what a server really does, a desk to sign them at, a database to try
//! them on, and a proxy that
//! stops a run at a chosen request, one that pools transactions, one that spoils what it carries, and the matrix of faults.

mod desk;
mod forge;
mod matrix;
mod pooler;
mod proxy;
mod trial;
mod wire;

pub use desk::Desk;
pub use forge::{Forged, forge};
pub use matrix::{Case, Counts, Fault, Play, Stage, cases, strike};
pub use pooler::{Pooler, Pooling};
pub use proxy::{Exchange, Proxy, Stop, When};
pub use trial::Trial;
pub use wire::Wire;
