//! What a program says about the lifecycle, as it stands in the document.

use crate::value::{Amount, EventName};
use serde::{Deserialize, Serialize};

/// Two axes: how far a customer has come (stage), and how recently they were here (activity).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LifecycleRules {
    /// From the first to the furthest; a customer is in the furthest stage whose test holds, at least in the first.
    pub stages: Vec<StageRules>,
    /// Bands of silence.
    #[serde(default)]
    pub activity: ActivityRules,
    /// What a full refund does to the stage that its order led to.
    #[serde(default)]
    pub on_reversal: OnReversal,
}

/// A stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StageRules {
    /// Its name: `prospect`, `first_purchase`, …
    pub id: String,
    /// When a customer is in it.
    pub test: StageTest,
}

/// When a customer is in a stage. Windows are local calendar days at the same time of day: a fact at `t` counts in `[t, t + days)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StageTest {
    /// Always.
    Always,
    /// Known by at least one identifier or by registration.
    Registered,
    /// At least so many valid orders (paid, not fully refunded).
    Orders {
        /// How many.
        at_least: u32,
        /// In how many days; none is ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within_days: Option<u32>,
    },
    /// At least so much net spend of valid orders.
    Spend {
        /// How much, in the program's first currency.
        at_least: Amount,
        /// In how many days; none is ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within_days: Option<u32>,
    },
    /// At least so many custom events of one name.
    Events {
        /// Its name.
        name: EventName,
        /// How many.
        at_least: u32,
        /// In how many days; none is ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within_days: Option<u32>,
    },
    /// One of several tests holds.
    Any {
        /// The tests, at most 16, without further nesting.
        of: Vec<StageTest>,
    },
    /// Silence: the activity band of this name is reached (AIPL's 流失). A stage with this test is no progress and leaves the
    /// high-water mark alone.
    Silent {
        /// The band.
        band: String,
    },
}

/// Bands of silence since the last qualifying event, in local calendar days at the same time of day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ActivityRules {
    /// From the shortest silence to the longest; default `at_risk` 60, `dormant` 90, `lost` 180. Without any nobody falls silent.
    pub bands: Vec<Band>,
    /// A return from this band or a later one is `reactivated`; from an earlier one `active`. Default `dormant`. Without bands it is
    /// not looked at.
    pub reactivated_from: String,
    /// Custom events that count like an order. Default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventName>,
}

/// A band of silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Its name.
    pub id: String,
    /// Days of silence after which it begins.
    pub after_days: u32,
}

impl Default for ActivityRules {
    fn default() -> Self {
        let band = |id: &str, after_days| Band { id: id.to_owned(), after_days };
        Self {
            bands: vec![band("at_risk", 60), band("dormant", 90), band("lost", 180)],
            reactivated_from: "dormant".to_owned(),
            events: Vec::new(),
        }
    }
}

/// What a full refund does to the stage that its order led to. The activity is judged without the order either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnReversal {
    /// The stage is judged again without the order.
    #[default]
    Recompute,
    /// The stage is kept; the order still counts as it did, and a partial refund does not lower its spend.
    Sticky,
}
