//! The schema of everything that crosses the border is made from the Rust types. This test writes it and fails when it is stale.

use crate::program::Document;
use crate::program::tests::schema::{generated, tidy};
use crate::{command, effect, engine, import, offer, program, query, simulate, store};
use schemars::JsonSchema;
use serde_json::{Value, json};

/// What a host sends and what it gets.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct Interface {
    request: command::Request,
    query: query::Query,
    answer: query::Answer,
    done: effect::Done,
    document: Document,
    finding: program::Finding,
    cart: offer::Cart,
    offer: offer::OfferRules,
    quote: offer::Quote,
    receipt: offer::Receipt,
    returned: offer::ReturnedLine,
    refunds: offer::Refunds,
    refund_plan: offer::RefundPlan,
    sweep: engine::SweepReport,
    codes: engine::CodesReport,
    import: import::ImportReport,
    format: import::Format,
    batch: import::BatchRecord,
    code_issue: command::CodeIssue,
    import_progress: import::ImportProgress,
    revert: import::RevertReport,
    backup: store::BackupReport,
    verified: store::Verified,
    what_if: simulate::WhatIf,
    what_if_progress: simulate::WhatIfProgress,
}

#[test]
fn the_schema_of_the_border_is_made_from_the_types() {
    let mut schema = schemars::schema_for!(Interface).to_value();
    mark_options(&mut schema);
    tidy(&mut schema);
    schema["$id"] = json!("https://github.com/crm-core/crm-core/blob/main/crm-core/src/interface/schema.json");
    schema["title"] = json!("Types of crm-core");
    schema["errors"] = crate::ErrorCode::ALL
        .iter()
        .map(|code| json!({ "code": code.as_str(), "name": format!("{code:?}"), "help": code.help(), "retry": code.retry() }))
        .collect();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    generated("crm-core/src/interface/schema.json", &text);
}

/// A list that may be absent is another thing than an empty one.
fn mark_options(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(mark_options),
        Value::Object(fields) => {
            if let Some(Value::Array(kinds)) = fields.get("type")
                && (kinds.contains(&json!("array")) || kinds.contains(&json!("object")))
            {
                fields.insert("x-option".to_owned(), json!(true));
            }
            fields.values_mut().for_each(mark_options);
        }
        _ => {}
    }
}
