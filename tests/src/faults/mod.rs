//! What the fault tests stand on: plans made from what a server really does, a desk to sign them at, and a proxy that
//! stops a run at a chosen request, and one that pools transactions.

mod desk;
mod forge;
mod pooler;
mod proxy;

pub use desk::Desk;
pub use forge::{Forged, forge};
pub use pooler::{Pooler, Pooling};
pub use proxy::{Proxy, Stop, When};
