//! Ready rules, as the data files in `presets/`.

use super::rules::LifecycleRules;

/// The names that [`preset`] knows.
///
/// - `aipl`: 认知, 兴趣, 购买, 忠诚 as stages, and 流失 as the stage that a year of silence leads to.
/// - `hubspot`: subscriber to evangelist; never moves back for a refund.
/// - `o5a`: 机会, 了解, 吸引, 问询, 行动, 拥护.
/// - `restaurant3`: new, regular and VIP guests.
/// - `retail`: anonymous, prospect, first purchase, repeat, loyal; the default of this library.
/// - `value3`: low, medium and high value by net spend of a year.
/// - `youzan4`: 潜在客户, 初次购买, 重复购买, 忠诚客户.
///
/// The thresholds are a start, to be changed in a copy. Custom events go by the names in the files, such as `visit` or `share`.
pub const PRESETS: &[&str] = &["aipl", "hubspot", "o5a", "restaurant3", "retail", "value3", "youzan4"];

/// The rules of a preset; nothing for an unknown name.
///
/// ```
/// use crm_core::lifecycle::{Lifecycle, preset};
/// assert!(Lifecycle::compile(&preset("aipl").unwrap(), 2).is_ok());
/// assert!(preset("zodiac").is_none());
/// ```
#[must_use]
pub fn preset(name: &str) -> Option<LifecycleRules> {
    let text = match name {
        "aipl" => include_str!("presets/aipl.json"),
        "hubspot" => include_str!("presets/hubspot.json"),
        "o5a" => include_str!("presets/o5a.json"),
        "restaurant3" => include_str!("presets/restaurant3.json"),
        "retail" => include_str!("presets/retail.json"),
        "value3" => include_str!("presets/value3.json"),
        "youzan4" => include_str!("presets/youzan4.json"),
        _ => return None,
    };
    serde_json::from_str(text).ok()
}
