//! A pretend Atlassian.
