//! Every operation of the independent package, against the twin.

#![expect(clippy::unwrap_used, reason = "tests state their expectations bluntly")]

mod case;
mod reads;
mod scim_client;
mod user_management;
mod user_provisioning;
mod writes;
