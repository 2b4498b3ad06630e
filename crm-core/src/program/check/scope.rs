//! Scopes of lines.

use crate::program::document::Basis;
use crate::program::finding::{FindingCode, Report};
use crate::value::LineScope;

/// What never earns.
pub(super) fn check_basis(basis: &Basis, report: &mut Report) {
    let Some(exclude) = &basis.exclude else { return };
    if *exclude == LineScope::default() {
        let message = "the excluded scope is empty, so every line is in it and nothing earns";
        report.add(FindingCode::ScopeEverything, "/basis/exclude", message);
    }
    contradiction(exclude, "/basis/exclude", report);
}

/// A scope that no line can be in.
pub(super) fn contradiction(scope: &LineScope, pointer: &str, report: &mut Report) {
    let mut look = |field: &str, taken: bool| {
        if taken {
            let message = format!("everything in `{field}` is taken away by `not_{field}`");
            report.add(FindingCode::ScopeNever, format!("{pointer}/{field}"), message);
        }
    };
    look("skus", all_in(&scope.skus, &scope.not_skus));
    look("categories", all_in(&scope.categories, &scope.not_categories));
    look("brands", all_in(&scope.brands, &scope.not_brands));
    look("tags", all_in(&scope.tags, &scope.not_tags));
}

fn all_in<T: PartialEq>(only: &[T], never: &[T]) -> bool {
    !only.is_empty() && only.iter().all(|name| never.contains(name))
}
