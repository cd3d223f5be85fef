//! An independent client of the admin API, run against the twin.
//!
//! The twin and our own client are written by the same people from the same notes, so they could agree in being wrong.
//! The tests of this crate drive the twin with a public package generated from the vendor's description, and look at
//! what it decodes. A SCIM client of others, in Python, does the same to the provisioning API (`scim/check.py`).
//! Nothing depends on this crate, so building the product never compiles that package.
