//! Sentences whose words know what they name.

use crate::views::names::{AccountRef, GroupRef, RoleRef, WorkspaceRef};
use serde::{Serialize, Serializer};

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Text(String),
    /// An account by its name.
    Account(AccountRef),
    /// A group by its name.
    Group(GroupRef),
    /// A workspace by its name.
    Workspace(WorkspaceRef),
    /// A role by its name.
    Role(RoleRef),
    /// Anything else by its name.
    Name(String),
}

impl std::fmt::Display for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Piece::Text(text) | Piece::Name(text) => f.write_str(text),
            Piece::Account(account) => f.write_str(account.label()),
            Piece::Group(group) => f.write_str(&group.name),
            Piece::Workspace(workspace) => f.write_str(&workspace.label()),
            Piece::Role(role) => f.write_str(&role.name),
        }
    }
}

/// A sentence; in JSON it is its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sentence(pub Vec<Piece>);

impl std::fmt::Display for Sentence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|piece| piece.fmt(f))
    }
}

impl Serialize for Sentence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Sentence {
    pub(super) fn text(mut self, text: &str) -> Self {
        self.0.push(Piece::Text(text.to_owned()));
        self
    }

    pub(super) fn piece(mut self, piece: Piece) -> Self {
        self.0.push(piece);
        self
    }
}
