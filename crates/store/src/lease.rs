//! Leases: who may do a thing that only one process may do at a time.
//!
//! Each taking of a lease gets a larger fencing number. A transaction that relies on the lease first calls
//! [`Tx::lease_hold`], which fails – and with it the whole transaction – when somebody else took it meanwhile.

use crate::database::{Store, Tx};
use crate::error::StoreError;
use std::path::Path;

const FIND: &str = "SELECT holder, fencing, expires_at FROM lease WHERE name = $1";
const INSERT: &str = "INSERT INTO lease (name, holder, fencing, expires_at) VALUES ($1, $2, 1, $3)
    ON CONFLICT (name) DO NOTHING";
const TAKE: &str =
    "UPDATE lease SET holder = $2, fencing = fencing + 1, expires_at = $3 WHERE name = $1 AND fencing = $4";
const HOLD: &str = "UPDATE lease SET expires_at = $4 WHERE name = $1 AND holder = $2 AND fencing = $3";
const RELEASE: &str = "UPDATE lease SET expires_at = 0 WHERE name = $1 AND holder = $2 AND fencing = $3";

const GIVE_UP: &str =
    "UPDATE lease SET expires_at = 0, fencing = fencing + 1 WHERE name = $1 AND holder = $2";

/// How long a lease holds without being renewed.
pub const LEASE_MS: i64 = 60_000;

/// A lease held by this process.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    /// What it is for, such as `sync/3`.
    pub name: String,
    /// This process.
    pub holder: String,
    /// Grows with each taking.
    pub fencing: i64,
}

/// The end of trying to take a lease.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// It is ours.
    Held(Lease),
    /// Somebody else has it.
    HeldBy {
        /// Who.
        holder: String,
        /// Until when unless renewed, in milliseconds since the epoch.
        expires_at: i64,
    },
}

/// This process as a holder of leases: the machine, the process and when that began.
pub fn this_holder() -> String {
    let machine =
        std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| "this machine".into());
    let process = std::process::id();
    let born = process_birth(process).unwrap_or_default();
    format!("{}/{process}/{born}", machine.trim())
}

/// Whether a holder is a process of this machine that has ended, so that its leases are free.
fn is_gone(holder: &str) -> bool {
    let this = this_holder();
    let (Some(machine), Some(this_machine)) = (holder.split('/').next(), this.split('/').next()) else {
        return false;
    };
    let mut parts = holder.split('/').skip(1);
    let process = parts.next().and_then(|text| text.parse::<u32>().ok());
    let born = parts.next().unwrap_or_default();
    match process {
        Some(process) if machine == this_machine && Path::new("/proc/self").exists() => {
            process_birth(process).is_none_or(|birth| birth != born)
        }
        _ => false,
    }
}

/// When a process of this machine began, in the kernel's ticks since start-up.
fn process_birth(process: u32) -> Option<String> {
    birth_in(&std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// The same, from the kernel's line about it; nothing for one that has ended.
fn birth_in(stat: &str) -> Option<String> {
    // The name in parentheses may hold spaces; the first word after it is the state, the twentieth the start time.
    let mut after_name = stat.rsplit_once(')')?.1.split_whitespace();
    // One that was killed stays there until its parent asks for its end.
    let has_ended = after_name.next().is_none_or(|state| matches!(state, "Z" | "X"));
    if has_ended {
        return None;
    }
    after_name.nth(18).map(str::to_owned)
}

impl Store {
    /// Takes a lease that is free, expired, or whose holder has ended.
    pub async fn lease_take(&self, name: &str, holder: &str, now: i64) -> Result<Taken, StoreError> {
        let mut tx = self.write().await?;
        let until = now + LEASE_MS;
        tx.execute(INSERT, &[name.into(), "".into(), 0_i64.into()])
            .await?;
        let Some(row) = tx.row(FIND, &[name.into()]).await? else {
            return Err(StoreError::LeaseLost {
                name: name.to_owned(),
            });
        };
        let (other, fencing, expires_at) = (row.text(0)?, row.int(1)?, row.int(2)?);
        if expires_at > now && !is_gone(&other) {
            return Ok(Taken::HeldBy {
                holder: other,
                expires_at,
            });
        }
        let taken = tx
            .execute(TAKE, &[name.into(), holder.into(), until.into(), fencing.into()])
            .await?;
        if taken == 0 {
            return Ok(Taken::HeldBy {
                holder: other,
                expires_at,
            });
        }
        tx.commit().await?;
        Ok(Taken::Held(Lease {
            name: name.to_owned(),
            holder: holder.to_owned(),
            fencing: fencing + 1,
        }))
    }

    /// Who holds a lease now, if somebody does who has not ended.
    pub async fn lease_holder(&self, name: &str, now: i64) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let Some(row) = tx.row(FIND, &[name.into()]).await? else {
            return Ok(None);
        };
        let (holder, expires_at) = (row.text(0)?, row.int(2)?);
        Ok((expires_at > now && !is_gone(&holder)).then_some(holder))
    }

    /// Gives the lease back.
    pub async fn lease_release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.execute(
            RELEASE,
            &[(&lease.name).into(), (&lease.holder).into(), lease.fencing.into()],
        )
        .await?;
        tx.commit().await
    }
}

impl Store {
    /// Gives back what this holder has of a lease, when the work that took it was dropped where it stood.
    pub async fn lease_give_up(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.execute(GIVE_UP, &[name.into(), holder.into()]).await?;
        tx.commit().await
    }
}

impl Tx {
    /// Renews the lease inside this transaction, or fails it when the lease is lost.
    pub async fn lease_hold(&mut self, lease: &Lease, now: i64) -> Result<(), StoreError> {
        let until = now + LEASE_MS;
        let values = [
            (&lease.name).into(),
            (&lease.holder).into(),
            lease.fencing.into(),
            until.into(),
        ];
        if self.execute(HOLD, &values).await? == 0 {
            return Err(StoreError::LeaseLost {
                name: lease.name.clone(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_was_killed_has_ended_before_its_parent_asks() {
        let line =
            |state: &str| format!("7 (a ) b) {state} 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 99");
        assert_eq!(birth_in(&line("S")).as_deref(), Some("4711"));
        assert_eq!(birth_in(&line("Z")), None);
        assert_eq!(birth_in(""), None);
    }
}
