//! The twin, judged from outside over HTTP.

#![expect(clippy::unwrap_used, reason = "tests state their expectations bluntly")]

mod access;
mod client;
mod events;
mod faults;
mod given;
mod hostile;
mod limits;
mod manage;
mod naive;
mod reads;
mod replay;
mod schemas;
mod schemas_access;
mod schemas_manage;
mod schemas_scim;
mod scim;
mod shapes;
mod truth;
mod writes;
