//! Filters of a list: what is set stands in the URL, as chips that can be taken away.

use crate::parts::{address, counted, export_link, number};
use maud::{Markup, html};

/// A filter with the values it can have.
pub(crate) struct Choice<'a> {
    /// The parameter's name.
    pub name: &'static str,
    /// What it is called: `Product`.
    pub label: &'static str,
    /// Values and what they are called.
    pub values: Vec<(String, String)>,
    /// The value that is set, or the empty text.
    pub set: &'a str,
}

/// A search field, the filters that are set, those that can be set, and what they keep back.
pub(crate) struct FilterBar<'a> {
    pub path: &'a str,
    /// What the search field says.
    pub hint: &'static str,
    pub search: &'a str,
    pub choices: Vec<Choice<'a>>,
    /// Other parameters that a filter keeps, such as the order.
    pub kept: Vec<(&'static str, &'a str)>,
    pub shown: i64,
    pub filtered_out: i64,
    /// Whether the list can be had as a file.
    pub exports: bool,
}

impl FilterBar<'_> {
    fn without(&self, name: &str) -> String {
        let mut parameters = self.kept.clone();
        if name != "q" {
            parameters.push(("q", self.search));
        }
        parameters.extend(
            self.choices
                .iter()
                .filter(|choice| choice.name != name)
                .map(|choice| (choice.name, choice.set)),
        );
        address(self.path, &parameters)
    }

    fn parameters(&self) -> Vec<(&'static str, &str)> {
        let mut parameters = self.kept.clone();
        parameters.push(("q", self.search));
        parameters.extend(self.choices.iter().map(|choice| (choice.name, choice.set)));
        parameters
    }

    pub fn markup(&self) -> Markup {
        let is_set = !self.search.is_empty() || self.choices.iter().any(|choice| !choice.set.is_empty());
        let open = self.choices.iter().filter(|choice| !choice.values.is_empty());
        html! {
            div.filters {
                @if !self.hint.is_empty() { form.search role="search" action=(self.path) method="get" {
                    input #search type="search" name="q" value=(self.search) placeholder=(self.hint)
                        aria-label=(self.hint) autocomplete="off" spellcheck="false" maxlength="200";
                    kbd hidden { "/" }
                    @for (name, value) in &self.kept {
                        @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
                    }
                    @for choice in &self.choices {
                        @if !choice.set.is_empty() { input type="hidden" name=(choice.name) value=(choice.set); }
                    }
                } }
                @for choice in self.choices.iter().filter(|choice| !choice.set.is_empty()) {
                    @let words = choice.values.iter().find(|value| value.0 == choice.set).map_or(choice.set, |value| value.1.as_str());
                    a.chip href=(self.without(choice.name)) title="Take this filter away" {
                        (choice.label) " " b { bdi { (words) } } " " span aria-hidden="true" { "×" }
                    }
                }
                @if open.clone().count() > 0 {
                    details.add {
                        summary { "Add a filter" }
                        form action=(self.path) method="get" {
                            @if !self.search.is_empty() { input type="hidden" name="q" value=(self.search); }
                            @for (name, value) in &self.kept {
                                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
                            }
                            @for choice in open {
                                label {
                                    span { (choice.label) }
                                    select name=(choice.name) {
                                        option value="" { "any" }
                                        @for (value, words) in &choice.values {
                                            option value=(value) selected[value == choice.set] { (words) }
                                        }
                                    }
                                }
                            }
                            button type="submit" { "Show" }
                        }
                    }
                }
                p.shown {
                    @if is_set {
                        (counted(self.shown, "shown", "shown")) " "
                        span.quiet { (number(self.filtered_out)) " filtered out" } " "
                        a href=(address(self.path, &self.kept)) { "Clear" }
                    }
                    @if self.exports { (export_link(self.path, &self.parameters())) }
                }
            }
        }
    }
}
