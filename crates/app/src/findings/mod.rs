//! What rules find, and what people decide about it.
//!
//! - `evaluate`: asks the rules about the published run and keeps what came of it. A rule that cannot be asked keeps
//!   its findings and says why; it harms no other.
//! - `decide`: suppresses, accepts and opens again.
//! - `view`: findings and rules for pages, tables and `--json`.

mod decide;
mod evaluate;
mod view;

pub use decide::DecisionRequest;
pub use evaluate::{Checked, Evaluation};
pub use rules::{Kind, Problem, Rule, RuleSet, Severity, State, Transition};
pub use store::FindingFilter;
pub(crate) use view::open_findings;
pub use view::{DecisionView, FindingDetail, FindingView, FindingsView, RuleView, RulesView, StepView};

use crate::App;
use crate::error::AppError;
use std::path::Path;

/// Who notices, where nobody did anything.
pub(crate) const NOTICED_BY: &str = "orgwarden";

impl App {
    /// The rules that are in force: the shipped ones and those of the folder, read anew each time.
    pub fn rule_set(&self) -> Result<RuleSet, AppError> {
        let files = match &self.rules_folder {
            Some(folder) => files_of(folder)?,
            None => Vec::new(),
        };
        Ok(RuleSet::new(&files))
    }
}

fn files_of(folder: &Path) -> Result<Vec<(String, String)>, AppError> {
    let wrong = |path: &Path| {
        let folder = path.display().to_string();
        move |source| AppError::Rules { folder, source }
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong(folder))? {
        let path = entry.map_err(wrong(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let text = std::fs::read_to_string(&path).map_err(wrong(&path))?;
        files.push((name.unwrap_or_default(), text));
    }
    Ok(files)
}
