//! The page of answers is made from the schema of the border. `UPDATE=1 cargo test -p crm-core --test docs_answers` writes it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

use crm_core::interface::SCHEMA;
use serde_json::Value;
use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write;
use std::fs;
use std::path::Path;

const PAGE: &str = "docs/reference/answers.md";

/// Definitions that are told where they are met, in order.
#[derive(Default)]
struct Queue {
    seen: BTreeSet<String>,
    next: VecDeque<String>,
}

impl Queue {
    /// A link to a definition, which is told further down.
    fn link(&mut self, name: &str) -> String {
        if self.seen.insert(name.to_owned()) {
            self.next.push_back(name.to_owned());
        }
        format!("[{name}](#{})", name.to_lowercase())
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

fn name_of(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str().map(|path| path.trim_start_matches("#/$defs/"))
}

/// What a value is, in words.
fn kind(schema: &Value, queue: &mut Queue) -> String {
    if let Some(name) = name_of(schema) {
        return queue.link(name);
    }
    if let Some(word) = schema["const"].as_str() {
        return format!("`\"{word}\"`");
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        return words.join(", ");
    }
    match (text(schema, "type"), text(schema, "format")) {
        ("array", _) => match schema["prefixItems"].as_array() {
            Some(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| kind(part, queue)).collect();
                format!("pair of {}", parts.join(" and "))
            }
            None => format!("list of {}", kind(&schema["items"], queue)),
        },
        ("object", _) if schema["additionalProperties"].is_object() => {
            format!("object of {}", kind(&schema["additionalProperties"], queue))
        }
        ("object", _) if schema["properties"].is_object() => {
            let fields = schema["properties"].as_object().unwrap();
            let fields: Vec<String> = fields.iter().map(|(name, of)| format!("`{name}` {}", kind(of, queue))).collect();
            format!("object: {}", fields.join(", "))
        }
        ("integer", _) => "whole number".to_owned(),
        ("boolean", _) => "true or false".to_owned(),
        ("string", "date-time") => "instant".to_owned(),
        ("string", "date") => "day".to_owned(),
        ("string", "decimal") => "decimal in a string".to_owned(),
        ("string", "") => "text".to_owned(),
        ("string", format) => format.replace('-', " "),
        ("", _) if schema["anyOf"].is_array() || schema["oneOf"].is_array() => {
            let all = schema["anyOf"].as_array().or(schema["oneOf"].as_array()).unwrap();
            let some = all.iter().filter(|one| text(one, "type") != "null");
            let some: Vec<String> = some.map(|one| kind(one, queue)).collect();
            some.join(" or ")
        }
        _ => "any value".to_owned(),
    }
}

/// Text of one cell.
fn cell(words: &str) -> String {
    words.replace('\n', " ").replace('|', "\\|")
}

/// A table of the fields of an object; those of the definition it extends come after its own.
fn fields(page: &mut String, schema: &Value, without: &str, queue: &mut Queue) {
    let Some(known) = schema["properties"].as_object() else { return };
    let rows: Vec<_> = known.iter().filter(|(name, _)| *name != without).collect();
    if rows.is_empty() {
        return;
    }
    let required: BTreeSet<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    page.push_str("\n| field | type | meaning |\n|---|---|---|\n");
    for (name, of) in rows {
        let maybe = if required.contains(name.as_str()) { "" } else { ", where there is one" };
        let (kind, meaning) = (kind(of, queue), cell(text(of, "description")));
        writeln!(page, "| `{name}` | {}{maybe} | {meaning} |", cell(&kind)).unwrap();
    }
}

/// A definition: its fields, its words, or its variants.
fn section(page: &mut String, schema: &Value, queue: &mut Queue) {
    let variants = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    let Some(variants) = variants else {
        match schema["properties"].is_object() {
            true => fields(page, schema, "", queue),
            false => writeln!(page, "\nIt is {}.", kind(schema, queue)).unwrap(),
        }
        return;
    };
    // Words: each with what it means. Reasons: each under its code.
    let tag = ["type", "code"].into_iter().find(|tag| variants.iter().any(|one| one["properties"][tag].is_object()));
    let Some(tag) = tag else {
        page.push_str("\n| one of | meaning |\n|---|---|\n");
        for one in variants {
            writeln!(page, "| {} | {} |", cell(&kind(one, queue)), cell(text(one, "description"))).unwrap();
        }
        return;
    };
    page.push_str("\n| variant | fields | meaning |\n|---|---|---|\n");
    for one in variants {
        let word = text(&one["properties"][tag], "const");
        let own = one["properties"].as_object().into_iter().flatten().filter(|(name, _)| *name != tag);
        let mut shown: Vec<String> = own.map(|(name, of)| format!("`{name}`: {}", kind(of, queue))).collect();
        shown.extend(name_of(one).map(|name| format!("those of {}", queue.link(name))));
        let shown = cell(&shown.join("; "));
        writeln!(page, "| `{word}` | {shown} | {} |", cell(text(one, "description"))).unwrap();
    }
}

#[test]
fn the_page_of_answers_is_made_from_the_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut page = String::from(
        "# Answers\n\nThis page is made from the code by a test; edit the code.\n\nWhat comes back, in every language: `Done` from a command, an `Answer` from a \
         question. Fields that are absent mean none. Names, instants and\nmoney are as in [commands](commands.md); why a request was refused is in [errors](errors.md), \
         why an offer was not applied under [Why](#why).\n",
    );
    let mut queue = Queue::default();
    for first in ["Done", "Answer", "Why"] {
        queue.link(first);
    }
    while let Some(name) = queue.next.pop_front() {
        let of = &schema["$defs"][&name];
        assert!(of.is_object(), "`{name}` is not in the schema");
        write!(page, "\n## {name}\n\n{}\n", text(of, "description").replace('\n', " ")).unwrap();
        section(&mut page, of, &mut queue);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == page,
        "{PAGE} differs from the schema: run `UPDATE=1 cargo test -p crm-core --test docs_answers`"
    );
    assert!(page.contains("`coupon.bad_checksum`") && page.contains("`offer.beaten_by`"));
}
