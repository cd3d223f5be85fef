//! Every operation of the independent package, against the twin.

#![expect(clippy::unwrap_used, reason = "tests state their expectations bluntly")]

mod case;
mod reads;
mod writes;
