//! The reference page is made from the schema and the table of findings.

use super::schema::{generated, schema};
use crate::lifecycle::{PRESETS, preset};
use crate::program::{FindingCode, Severity};
use serde_json::Value;
use std::fmt::Write;

const PATH: &str = "docs/reference/program.md";

const HEAD: &str = "\
# The program document

One JSON document holds every rule of a merchant: currencies, points, tiers, lifecycle. `Program::from_json` reads it and reports
everything that is wrong with it at once. The JSON Schema for editors is
[`program.v1.schema.json`](../schema/program.v1.schema.json); complete samples stand in [`docs/programs`](../programs).

- Money and rates are decimals in strings (`\"12.50\"`), points are whole numbers.
- Instants are RFC 3339 with an offset; everything about days, months and times of day is local to the program's `zone`.
- An object with variants says which one it is in its field `type`.
- Unknown fields are refused; a field without a value is left out, never `null`.
- What the presets of the lifecycle say stands [below](#presets), and so does [everything that can be found wrong](#findings).

This page is made from the code by a test; edit the doc comments there.
";

#[test]
fn the_reference_is_made_from_the_schema() {
    let schema = schema();
    let mut page = HEAD.to_owned();
    let mut queue = vec![("Document".to_owned(), &schema)];
    let mut seen = vec!["Document".to_owned()];
    while !queue.is_empty() {
        let (name, part) = queue.remove(0);
        section(&mut page, &name, part);
        let mut found = Vec::new();
        references(part, &mut found);
        for name in found {
            if !seen.contains(&name) {
                queue.push((name.clone(), &schema["$defs"][&name]));
                seen.push(name);
            }
        }
    }
    assert_eq!(seen.len(), schema["$defs"].as_object().unwrap().len() + 1, "every type is described");
    presets(&mut page);
    findings(&mut page);
    generated(PATH, &page);
}

/// What each preset says, in the form in which it can be copied and changed.
fn presets(page: &mut String) {
    let intro = "What a preset of [LifecycleChoice](#lifecyclechoice) stands for. To change one, write it as `rules`.";
    writeln!(page, "\n## Presets\n\n{intro}").unwrap();
    for name in PRESETS {
        let path =
            std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/lifecycle/presets/{name}.json"));
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(preset(name), serde_json::from_str(&text).ok());
        writeln!(page, "\n### Preset `{name}`\n\n```json\n{}\n```", text.trim_end()).unwrap();
    }
}

fn section(page: &mut String, name: &str, part: &Value) {
    writeln!(page, "\n## {name}\n\n{}", about(part)).unwrap();
    let Some(options) = part["oneOf"].as_array() else {
        return table(page, part);
    };
    if options[0].get("const").is_some() {
        writeln!(page, "\n| word | meaning |\n|---|---|").unwrap();
        for option in options {
            writeln!(page, "| `\"{}\"` | {} |", option["const"].as_str().unwrap(), about(option)).unwrap();
        }
        return;
    }
    for option in options {
        let tag = option["properties"]["type"]["const"].as_str().unwrap();
        writeln!(page, "\n### `{tag}`\n\n{}", about(option)).unwrap();
        table(page, option);
    }
}

fn table(page: &mut String, part: &Value) {
    let required: Vec<&str> = part["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut fields: Vec<(&String, &Value)> = part["properties"].as_object().unwrap().iter().collect();
    fields.retain(|(name, field)| *name != "type" || field.get("const").is_none());
    fields.sort_by_key(|(name, _)| (required.iter().position(|one| one == name).unwrap_or(usize::MAX), name.as_str()));
    if fields.is_empty() {
        return;
    }
    writeln!(page, "\n| field | type | default | meaning |\n|---|---|---|---|").unwrap();
    for (name, field) in fields {
        let default = match field.get("default") {
            _ if required.contains(&name.as_str()) => "**required**".to_owned(),
            Some(value) => format!("`{value}`"),
            None if field["type"] == "array" => "`[]`".to_owned(),
            None => "none".to_owned(),
        };
        writeln!(page, "| `{name}` | {} | {default} | {} |", kind(field), about(field)).unwrap();
    }
}

fn kind(field: &Value) -> String {
    if let Some(target) = target(field) {
        return format!("[{target}](#{})", target.to_lowercase());
    }
    match (field["type"].as_str().unwrap(), field["format"].as_str()) {
        ("array", _) => format!("list of {}", kind(&field["items"])),
        ("string", Some("decimal")) => "decimal in a string".to_owned(),
        ("string", Some("percent")) => "percentage in a string, 0 to 100".to_owned(),
        ("string", Some("name")) => "name, 1 to 128 bytes".to_owned(),
        ("string", Some("date-time")) => "instant, RFC 3339".to_owned(),
        ("string", Some("date")) => "date `YYYY-MM-DD`".to_owned(),
        ("string", Some("currency")) => "ISO 4217 code".to_owned(),
        ("string", Some("country")) => "ISO 3166-1 alpha-2 code".to_owned(),
        ("string", Some("iana-zone")) => "IANA zone".to_owned(),
        ("string", Some("clock-time")) => "time of day `HH:MM`".to_owned(),
        ("string", Some("month-day")) => "day of the year `MM-DD`".to_owned(),
        ("string", None) => "text".to_owned(),
        ("boolean", _) => "`true` or `false`".to_owned(),
        ("integer", _) => range(&field["minimum"], &field["maximum"]),
        other => panic!("{other:?} has no words yet"),
    }
}

fn range(low: &Value, high: &Value) -> String {
    match (low.as_i64(), high.as_i64()) {
        (Some(low), Some(high)) if high == i64::from(u32::MAX) => format!("whole number from {low}"),
        (Some(low), Some(high)) if high == crate::limits::POINTS_ABS_MAX && low == -high => "whole number".to_owned(),
        (Some(low), Some(high)) if low == high => format!("`{low}`"),
        (Some(low), Some(high)) => format!("whole number, {low} to {high}"),
        _ => "whole number".to_owned(),
    }
}

fn about(part: &Value) -> String {
    part["description"]
        .as_str()
        .unwrap_or_else(|| panic!("{part} has no description"))
        .replace('\n', " ")
        .replace('|', "\\|")
}

fn target(field: &Value) -> Option<&str> {
    field.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn references(part: &Value, out: &mut Vec<String>) {
    if let Some(name) = target(part) {
        out.push(name.to_owned());
    }
    for inner in part["properties"].as_object().into_iter().flatten().map(|(_, inner)| inner) {
        references(inner, out);
    }
    part["oneOf"].as_array().into_iter().flatten().for_each(|inner| references(inner, out));
    if let Some(items) = part.get("items") {
        references(items, out);
    }
}

fn findings(page: &mut String) {
    writeln!(
        page,
        "\n## Findings\n\nErrors stop a program, warnings do not.\n\n| code | severity | what to do |\n|---|---|---|"
    )
    .unwrap();
    for code in FindingCode::ALL {
        let severity = match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(page, "| `{}` | {severity} | {} |", code.as_str(), code.help().replace('|', "\\|")).unwrap();
    }
}
