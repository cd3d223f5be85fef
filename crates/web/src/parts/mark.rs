//! States: always a shape and a word.

use maud::{Markup, PreEscaped, html};

/// Red: needs a person.
pub(crate) const DIAMOND: PreEscaped<&str> = PreEscaped(
    r#"<svg class="shape" width="9" height="9" viewBox="0 0 9 9" fill="currentColor" aria-hidden="true"><path d="M4.500 0 9 4.500 4.500 9 0 4.500z"/></svg>"#,
);
const TRIANGLE: PreEscaped<&str> = PreEscaped(
    r#"<svg class="shape" width="9" height="9" viewBox="0 0 9 9" fill="currentColor" aria-hidden="true"><path d="M4.500.500 9 8.500H0z"/></svg>"#,
);
const TICK: PreEscaped<&str> = PreEscaped(
    r#"<svg class="shape" width="9" height="9" viewBox="0 0 9 9" fill="none" stroke="currentColor" stroke-width="1.800" aria-hidden="true"><path d="m1 5 2.500 2.500L8 2"/></svg>"#,
);
const RING: PreEscaped<&str> = PreEscaped(
    r#"<svg class="shape" width="9" height="9" viewBox="0 0 9 9" fill="none" stroke="currentColor" stroke-width="1.500" aria-hidden="true"><circle cx="4.500" cy="4.500" r="3.500"/></svg>"#,
);
const HALF: PreEscaped<&str> = PreEscaped(
    r#"<svg class="shape" width="9" height="9" viewBox="0 0 9 9" fill="none" stroke="currentColor" stroke-width="1.500" aria-hidden="true"><circle cx="4.500" cy="4.500" r="3.500"/><path d="M4.500 1a3.500 3.500 0 0 0 0 7z" fill="currentColor" stroke="none"/></svg>"#,
);

/// Needs a person.
pub(crate) fn red(words: &str) -> Markup {
    html! { span.mark.red { (DIAMOND) " " (words) } }
}

/// May need a person.
pub(crate) fn amber(words: &str) -> Markup {
    html! { span.mark.amber { (TRIANGLE) " " (words) } }
}

/// Confirmed.
pub(crate) fn green(words: &str) -> Markup {
    html! { span.mark.green { (TICK) " " (words) } }
}

/// Not read yet, or a step to come.
pub(crate) fn open(words: &str) -> Markup {
    html! { span.mark.quiet { (RING) " " (words) } }
}

/// Under way.
pub(crate) fn under_way(words: &str) -> Markup {
    html! { span.mark { (HALF) " " (words) } }
}
