//! The twin, judged from outside over HTTP.

mod client;
mod naive;
mod shapes;
mod truth;
