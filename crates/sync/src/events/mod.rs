//! The stream of events: read to its end, kept in the archive, and turned into what is to be read again.
//!
//! What an event says is never state. It names objects; these are read again through the directory API, after the time
//! that lists need to follow. It also tells who did what is then found changed, and when.

mod cause;
mod meaning;
mod poll;

pub(crate) use cause::explain;
pub(crate) use meaning::Named;
pub(crate) use poll::poll;
