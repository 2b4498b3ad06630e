//! Which lines of an order or a cart are meant.

use super::{Category, Sku, Tag};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Lines of an order or a cart. A line is in it when every list that is not empty names it, and no `not_` list does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LineScope {
    /// Articles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skus: Vec<Sku>,
    /// Categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Category>,
    /// Brands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brands: Vec<Category>,
    /// Labels of lines; a line with any of them is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Not these articles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_skus: Vec<Sku>,
    /// Not these categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_categories: Vec<Category>,
    /// Not these brands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_brands: Vec<Category>,
    /// Not lines with any of these labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_tags: Vec<Tag>,
}

impl LineScope {
    /// Whether a line is in it: every list that is not empty names it, and no `not_` list does.
    #[must_use]
    pub fn admits(
        &self,
        sku: &Sku,
        category: Option<&Category>,
        brand: Option<&Category>,
        tags: &BTreeSet<Tag>,
    ) -> bool {
        fn named<T: PartialEq>(only: &[T], never: &[T], given: Option<&T>) -> bool {
            (only.is_empty() || given.is_some_and(|name| only.contains(name)))
                && !given.is_some_and(|name| never.contains(name))
        }
        named(&self.skus, &self.not_skus, Some(sku))
            && named(&self.categories, &self.not_categories, category)
            && named(&self.brands, &self.not_brands, brand)
            && (self.tags.is_empty() || self.tags.iter().any(|tag| tags.contains(tag)))
            && !self.not_tags.iter().any(|tag| tags.contains(tag))
    }
}
